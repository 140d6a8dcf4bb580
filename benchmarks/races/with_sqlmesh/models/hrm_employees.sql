MODEL (
  name history.hrm_employees,
  kind SCD_TYPE_2_BY_COLUMN (
    unique_key employee_number, columns [national_id],
    invalidate_hard_deletes true, execution_time_as_valid_from true
  ),
  columns (employee_number TEXT, national_id TEXT, valid_from TIMESTAMP, valid_to TIMESTAMP)
);

SELECT DISTINCT employee_number, national_id
FROM read_csv('inbox/hrm/' || @execution_ds || '/employees.csv', all_varchar = true)
