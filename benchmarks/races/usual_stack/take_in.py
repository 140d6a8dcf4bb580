"""Earlier days, in one process: loaded and snapshotted (`python take_in.py DAY...`). Set-up of the race, not timed."""

import sys

from dbt.cli.main import dbtRunner
from load import TABLES, load

if __name__ == "__main__":
    for day in sys.argv[1:]:
        for system, table in TABLES:
            load(system, table, day)
        if not dbtRunner().invoke(["--quiet", "snapshot"]).success:
            sys.exit(f"{day} failed")
