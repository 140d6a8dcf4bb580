with versions as (
  {{ staged_versions('vfs_persons') }}
)
select * replace (coalesce(login_enabled, true) as login_enabled, coalesce(registered_by, 'hrm') as registered_by)
from versions
