"""The pipeline against its floors: ratios of whole processes, side by side in one run. No tests, and no absolute times.

    __main__   which ratios there are: prints one table of them
    many       `python -m benchmarks.many`: many kommuner on one machine, warm against cold
    measure    runs processes or functions in turn, and takes time and memory
    place      the places they run in: settings, deliveries, a data directory
    floor      floor B: one hand-written script that classifies the positions
    pull       what a pull costs beside a bare loop of requests

How to run them, and what the floors are: README.md.
"""
