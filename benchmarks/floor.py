"""Floor B: one hand-written script that reads the two extracts' files and classifies the VFS positions. No history,
no checks, no hashing, nothing kept: what DuckDB needs for the question alone. A date that DuckDB cannot read (31.02., a word,
dd.mm.yyyy) counts as no date: a position with such an end date is active. Nobody is told."""

import sys
from pathlib import Path

import duckdb

SQL = """
CREATE TEMP TABLE employees AS SELECT * FROM read_csv('{hrm}/employees.csv', header = true, all_varchar = true);
CREATE TEMP TABLE hrm_positions AS
  SELECT * REPLACE (try_cast(start_date AS DATE) AS start_date, try_cast(end_date AS DATE) AS end_date)
  FROM read_csv('{hrm}/positions.csv', header = true, all_varchar = true);
CREATE TEMP TABLE persons AS SELECT * FROM read_csv('{vfs}/persons.csv', header = true, all_varchar = true);
CREATE TEMP TABLE vfs_positions AS
  SELECT * REPLACE (try_cast(start_date AS DATE) AS start_date, try_cast(end_date AS DATE) AS end_date)
  FROM read_csv('{vfs}/positions.csv', header = true, all_varchar = true);
CREATE TEMP TABLE accesses AS FROM read_csv('{vfs}/accesses.csv', header = true, all_varchar = true);
CREATE TEMP TABLE classified AS
WITH active AS (
  SELECT DISTINCT employee_number, org_number FROM hrm_positions
  WHERE coalesce(start_date, DATE '{day}') <= DATE '{day}' AND coalesce(end_date, DATE '{day}') >= DATE '{day}'
), at_work AS (
  SELECT DISTINCT employee_number FROM active
), by_id AS (
  SELECT national_id, min(employee_number) AS employee_number FROM employees WHERE national_id IS NOT NULL GROUP BY 1
), people AS (
  SELECT p.person_id, p.login_enabled, coalesce(n.employee_number, i.employee_number) AS employee_number
  FROM persons p LEFT JOIN employees n USING (employee_number) LEFT JOIN by_id i ON i.national_id = p.national_id
)
SELECT v.position_id, v.org_number, people.employee_number, people.login_enabled, h.end_date AS hrm_end_date,
  CASE WHEN people.employee_number IS NULL THEN 'unknown_in_hrm'
       WHEN at_work.employee_number IS NULL THEN 'active_vfs_inactive_hrm'
       WHEN active.employee_number IS NULL THEN 'stale_position' ELSE 'backed' END AS finding_type
FROM vfs_positions v JOIN people USING (person_id)
LEFT JOIN at_work ON at_work.employee_number = people.employee_number
LEFT JOIN active ON active.employee_number = people.employee_number AND active.org_number = v.org_number
LEFT JOIN hrm_positions h ON h.position_id = v.hrm_position_id
WHERE coalesce(v.start_date, DATE '{day}') <= DATE '{day}' AND coalesce(v.end_date, DATE '{day}') >= DATE '{day}';
"""


def classify(inbox: Path, day: str) -> dict[str, int]:
    """How many VFS positions are backed, left over by people who left, and so on."""
    with duckdb.connect() as con:
        con.execute(SQL.format(hrm=inbox / "hrm" / day, vfs=inbox / "vfs" / day, day=day))
        return dict(con.execute("SELECT finding_type, count(*) FROM classified GROUP BY 1 ORDER BY 1").fetchall())


if __name__ == "__main__":
    print(classify(Path(sys.argv[1]), sys.argv[2]))
