"""The command line `sluttdato`: commands (`app`, `decisions`), how a run is started from it (`runs`), and what they print.

Belongs here: parsing, calling, printing. Does not belong here: settings and paths (`core`), Dagster's definitions (`defs`).
"""
