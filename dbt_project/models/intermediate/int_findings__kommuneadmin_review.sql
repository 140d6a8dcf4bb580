-- Kommuneadmins to review: all but those with a profile from HRM, a job now or soon, and an active VFS position.
with rostered as (
  {{ merge_periods(ref('int_kommuneadmin_accesses'), ['person_id']) }}
),

active_positions as (
  {{ merge_periods(ref('int_vfs__active_positions'), ['person_id']) }}
),

in_order as (
  select
    rostered.person_id,
    {{ intersection(['rostered', 'persons', 'status', 'positions']) }}
  from rostered
  inner join {{ ref('int_vfs__persons_as_last_seen') }} as persons using (person_id)
  inner join {{ ref('int_identity__hrm_status') }} as status using (person_id)
  inner join active_positions as positions using (person_id)
  where persons.registered_by = 'hrm' and status.hrm_status <> 'inactive'
),

in_order_periods as (
  {{ merge_periods('in_order', ['person_id']) }}
),

review as (
  {{ subtract_periods('rostered', 'in_order_periods', ['person_id'], ['person_id']) }}
)

select
  'kommuneadmin_review' as finding_type, person_id as subject_id, person_id, null::varchar as org_number, from_day, to_day
from review
