"""A simulated municipality: its HRM system, the nightly transfer with its faults, its VFS, and the truth kept aside.

    municipality   the story, day by day: hires, moves between schools, ends ahead of time and back in time, temps and their
                   extensions, leave, manual profiles, kommuneadmins, a nightly transfer that carries yesterday's HRM but no
                   date that had passed when it was entered, a sysadmin who cleans up now and then, an extract cut off on the
                   way; `Rates` holds how often
    people         invented names, and synthetic national ids (month + 80)
    extracts       writes the files: one folder a day
    exports        writes exports of the employee search
    pifu           writes what VFS holds as PIFU-IMS
    stamdata3      writes what HRM holds as Stamdata3 of Unit4 ERP
    paga           writes what HRM holds as answers of Paga's services
    hrm_ws         what HRM holds in the words of Visma Enterprise HRM's web service
    fint           what HRM holds in the words of FINT
    oneroster      what VFS holds in the words of OneRoster
    servers        gives these answers over HTTP, with faults
    large          one day of a million employees, for benchmarks

Belongs here: what happens in the simulated world, and the files its systems deliver. Does not belong here: anything that
reads those files. Everybody and everything in it is invented. The truth is kept aside as JSON; the same seed gives the same
files.
"""
