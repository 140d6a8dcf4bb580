with versions as (
  {{ staged_versions('vfs_positions', ['position_id', 'person_id', 'org_number', 'role', 'hrm_position_id', 'start_date', 'end_date', 'registered_by']) }}
)
select * replace (coalesce(registered_by, 'hrm') as registered_by)
from versions
