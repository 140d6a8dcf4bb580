with versions as (
  {{ staged_versions('vfs_positions') }}
)
select * replace (coalesce(registered_by, 'hrm') as registered_by)
from versions
