MODEL (
  name history.hrm_positions,
  kind SCD_TYPE_2_BY_COLUMN (
    unique_key position_id, columns [employee_number, org_number, start_date, end_date],
    invalidate_hard_deletes true, execution_time_as_valid_from true
  ),
  columns (position_id TEXT, employee_number TEXT, org_number TEXT, start_date TEXT, end_date TEXT, valid_from TIMESTAMP, valid_to TIMESTAMP)
);

SELECT DISTINCT position_id, employee_number, org_number, start_date, end_date
FROM read_csv('inbox/hrm/' || @execution_ds || '/positions.csv', all_varchar = true)
