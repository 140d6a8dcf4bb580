MODEL (name staging.people, kind FULL);

-- Each person in VFS with the employee of the same number, else of the same national id, that HRM ever held.
WITH known AS (
  SELECT DISTINCT employee_number FROM history.hrm_employees
), by_id AS (
  SELECT national_id, max_by(employee_number, valid_from) AS employee_number
  FROM history.hrm_employees WHERE national_id IS NOT NULL GROUP BY 1
)
SELECT p.person_id, p.login_enabled IS DISTINCT FROM 'false' AS can_log_in,
  coalesce(known.employee_number, by_id.employee_number) AS employee_number
FROM history.vfs_persons AS p
LEFT JOIN known ON known.employee_number = p.employee_number
LEFT JOIN by_id ON by_id.national_id = p.national_id
WHERE p.valid_to IS NULL
