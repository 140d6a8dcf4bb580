MODEL (name staging.active_hrm_positions, kind FULL);

-- Not ended, and started or starting within 30 days.
SELECT position_id, employee_number, org_number, coalesce(try_cast(start_date AS DATE) <= @execution_date, true) AS started
FROM history.hrm_positions
WHERE valid_to IS NULL
  AND coalesce(try_cast(start_date AS DATE) <= @execution_date + 30, true)
  AND coalesce(try_cast(end_date AS DATE) >= @execution_date, true)
