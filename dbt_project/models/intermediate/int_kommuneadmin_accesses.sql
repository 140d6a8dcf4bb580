-- Effective accesses in the kommuneadmin groups: who is in the roster, and when.
select accesses.person_id, accesses.access_group, accesses.org_number, accesses.from_day, accesses.to_day
from {{ ref('int_vfs__effective_accesses') }} as accesses
cross join {{ ref('stg_run') }} as run
where list_contains(run.kommuneadmin_groups, lower(accesses.access_group))
