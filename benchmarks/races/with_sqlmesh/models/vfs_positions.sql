MODEL (
  name history.vfs_positions,
  kind SCD_TYPE_2_BY_COLUMN (
    unique_key position_id, columns [person_id, org_number, hrm_position_id, start_date, end_date, registered_by],
    invalidate_hard_deletes true, execution_time_as_valid_from true
  ),
  columns (position_id TEXT, person_id TEXT, org_number TEXT, hrm_position_id TEXT, start_date TEXT, end_date TEXT, registered_by TEXT, valid_from TIMESTAMP, valid_to TIMESTAMP)
);

SELECT DISTINCT position_id, person_id, org_number, hrm_position_id, start_date, end_date, registered_by
FROM read_csv('inbox/vfs/' || @execution_ds || '/positions.csv', all_varchar = true)
