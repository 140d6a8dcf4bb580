"""What the pipeline costs: against its floors, against an earlier commit, against what a team would build instead. Ratios of
whole processes, side by side in one run. No tests, and no absolute times.

    __main__   the command line: prints tables
    ratios     what is compared with the floors
    against    what is compared with another commit
    races      what is compared with what a team would build instead, and that
    many       many kommuner on one machine, warm against cold
    measure    runs processes or functions in turn, and takes time, CPU and memory
    place      the places they run in: settings, deliveries, a data directory
    floor      floor B: one hand-written script that classifies the positions
    pull       what a pull costs beside a bare loop of requests

How to run them, and what the floors are: README.md.
"""
