MODEL (name staging.unbacked_positions, kind FULL);

-- Active positions in VFS without a position in HRM behind them, and what HRM says of the person.
SELECT v.position_id, v.person_id, v.org_number, v.registered_by, people.can_log_in, CASE
    WHEN people.employee_number IS NULL THEN 'unknown'
    WHEN people.employee_number IN (SELECT employee_number FROM staging.active_hrm_positions WHERE started) THEN 'active'
    ELSE 'inactive' END AS hrm_status
FROM history.vfs_positions AS v
JOIN staging.people AS people ON people.person_id = v.person_id
WHERE v.valid_to IS NULL
  AND coalesce(try_cast(v.start_date AS DATE) <= @execution_date, true)
  AND coalesce(try_cast(v.end_date AS DATE) >= @execution_date, true)
  AND NOT EXISTS (
    SELECT 1 FROM staging.active_hrm_positions AS h
    WHERE h.employee_number = people.employee_number AND (
      h.org_number = v.org_number
      OR h.position_id = v.hrm_position_id AND h.org_number NOT IN (SELECT org_number FROM staging.vfs_org_units)))
