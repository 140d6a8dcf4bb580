-- Active VFS positions that no HRM position backs. The finding type depends on the person's hrm_status and on who registered
-- the position; a position has exactly one of the four types at a time.
with unbacked as (
  {{ subtract_periods(
    '(select *, position_id as vfs_position_id from ' ~ ref('int_vfs__active_positions') ~ ')',
    ref('int_backed_positions'), ['vfs_position_id'], ['position_id', 'person_id', 'org_number', 'registered_by', 'vfs_position_id']
  ) }}
),

matched as (
  select
    unbacked.position_id, unbacked.person_id, unbacked.org_number,
    case
      when status.hrm_status <> 'active' then 'active_vfs_inactive_hrm'
      when unbacked.registered_by = 'manual' then 'manual_position'
      else 'stale_position'
    end as finding_type,
    {{ intersection(['unbacked', 'status']) }}
  from unbacked
  inner join {{ ref('int_identity__hrm_status') }} as status
    on unbacked.person_id = status.person_id
    and {{ overlap('unbacked', 'status') }}
),

matched_persons as (
  {{ merge_periods(ref('int_identity__matches'), ['person_id']) }}
),

unmatched as (
  {{ subtract_periods('unbacked', 'matched_persons', ['person_id'],
    ['position_id', 'person_id', 'org_number', 'registered_by']) }}
)

select finding_type, position_id as subject_id, person_id, org_number, from_day, to_day
from matched
union all
select
  case when registered_by = 'manual' then 'manual_position' else 'unknown_in_hrm' end as finding_type,
  position_id as subject_id, person_id, org_number, from_day, to_day
from unmatched
