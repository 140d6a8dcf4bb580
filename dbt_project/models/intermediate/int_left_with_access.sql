-- When and where somebody who had left, or was unknown in HRM, could get in, and was not excepted in all their cases
-- (contract#has-left-with-access): what the headline figure counts, of every day.
with ways_in as (
  {{ merge_periods(ref('int_vfs__ways_in'), ['person_id', 'org_number']) }}
),

matched as (
  {{ merge_periods(ref('int_identity__hrm_status'), ['person_id']) }}
),

unknown as (
  {{ subtract_periods('ways_in', 'matched', ['person_id'], ['person_id', 'org_number']) }}
),

left_or_unknown as (
  select ways_in.person_id, ways_in.org_number, status.hrm_status, {{ intersection(['ways_in', 'status']) }}
  from ways_in
  inner join {{ ref('int_identity__hrm_status') }} as status
    on ways_in.person_id = status.person_id and status.hrm_status = 'inactive' and {{ overlap('ways_in', 'status') }}
  union all
  select person_id, org_number, 'unknown', from_day, to_day from unknown
),

cases as (
  {{ merge_periods(ref('int_findings'), ['person_id']) }}
),

open_cases as (
  {{ merge_periods(ref('int_open_findings'), ['person_id']) }}
),

excepted_in_all as (
  {{ subtract_periods('cases', 'open_cases', ['person_id'], ['person_id']) }}
)

{{ subtract_periods('left_or_unknown', 'excepted_in_all', ['person_id'], ['person_id', 'org_number', 'hrm_status']) }}
