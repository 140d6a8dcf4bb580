"""What `sqlmesh run` does every morning, on given days (`python day.py DAY...`); the first day makes the plan."""

import sys
from pathlib import Path

import duckdb
from sqlmesh import Context

HERE = Path(__file__).parent

if __name__ == "__main__":
    first = not Path("warehouse.duckdb").exists()
    context = Context(paths=HERE)
    for day in sys.argv[1:]:
        at = f"{day} 06:00:00"
        if first:
            context.plan(execution_time=at, auto_apply=True, no_prompts=True)
            first = False
        elif context.run(execution_time=at).is_failure:
            sys.exit("the run failed")
    context.close()
    with duckdb.connect("warehouse.duckdb", read_only=True) as warehouse:
        warehouse.execute("COPY (" + " UNION ALL ".join(
            f"SELECT '{kind}' AS finding_type, position_id, person_id, can_log_in FROM searches.{kind}"
            for kind in ("active_vfs_inactive_hrm", "stale_position", "unknown_in_hrm")) + ") TO 'found.csv' (HEADER)")
