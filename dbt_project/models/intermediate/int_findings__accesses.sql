-- Accesses where the person has no active position. The type depends on whether the person has a position at any school.
with uncovered as (
  {{ merge_periods(ref('int_vfs__uncovered_accesses'), ['person_id', 'org_number']) }}
),

uncovered_anywhere as (
  {{ merge_periods('uncovered', ['person_id']) }}
),

inactive as (
  {{ subtract_periods('uncovered_anywhere', ref('int_vfs__positions_at_schools'), ['person_id'], ['person_id']) }}
),

uncovered_at_schools as (
  {{ subtract_periods('uncovered', ref('int_org_units__not_schools'), ['org_number'], ['person_id', 'org_number']) }}
)

select 'inactive_with_access' as finding_type, person_id as subject_id, person_id, null::varchar as org_number, from_day, to_day
from inactive
union all
select
  'access_without_position', uncovered.person_id || ':' || uncovered.org_number, uncovered.person_id, uncovered.org_number,
  {{ intersection(['uncovered', 'positions']) }}
from uncovered_at_schools as uncovered
inner join {{ ref('int_vfs__positions_at_schools') }} as positions
  on uncovered.person_id = positions.person_id
  and {{ overlap('uncovered', 'positions') }}
