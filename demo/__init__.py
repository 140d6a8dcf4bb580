"""A simulated municipality: its HRM system, the nightly transfer with its faults, its VFS, and the truth kept aside.

Belongs here: what happens in the simulated world, and the files its systems deliver. Does not belong here: anything that
reads those files. Everybody and everything in it is invented; national ids are synthetic (month + 80).
"""
