MODEL (
  name history.vfs_persons,
  kind SCD_TYPE_2_BY_COLUMN (
    unique_key person_id, columns [employee_number, national_id, login_enabled],
    invalidate_hard_deletes true, execution_time_as_valid_from true
  ),
  columns (person_id TEXT, employee_number TEXT, national_id TEXT, login_enabled TEXT, valid_from TIMESTAMP, valid_to TIMESTAMP)
);

SELECT DISTINCT person_id, employee_number, national_id, login_enabled
FROM read_csv('inbox/vfs/' || @execution_ds || '/persons.csv', all_varchar = true)
