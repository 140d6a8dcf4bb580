with versions as (
  {{ staged_versions('vfs_persons', ['person_id', 'employee_number', 'national_id_hash', 'given_name', 'family_name', 'email', 'login_enabled', 'registered_by']) }}
)
select * replace (coalesce(login_enabled, true) as login_enabled, coalesce(registered_by, 'hrm') as registered_by)
from versions
