{{ config(materialized='table') }}
-- Why a person's identity is disputed, with whom, and when (contract#disputed-identity). Only persons with an active position or an
-- effective access are disputed, and only they count as another person; VFS need not hold them any more.
with busy as (
  {{ merge_periods(
    '(select person_id, from_day, to_day from ' ~ ref('int_vfs__active_positions') ~ ' union all select person_id, from_day, to_day from '
    ~ ref('int_vfs__effective_accesses') ~ ')', ['person_id']) }}
),

busy_matches as (
  select
    matches.person_id, matches.employee_id, matches.employee_number, matches.match_method,
    {{ intersection(['matches', 'busy']) }}
  from {{ ref('int_identity__matches') }} as matches
  inner join busy
    on matches.person_id = busy.person_id and {{ overlap('matches', 'busy') }}
),

-- The person's national id is that of another employee: number and id point at two, or several share the id.
another_employee as (
  select
    matches.person_id, ids.employee_id, ids.employee_number,
    {{ intersection(['matches', 'of_persons', 'ids']) }}
  from busy_matches as matches
  inner join {{ ref('int_vfs__national_ids') }} as of_persons on matches.person_id = of_persons.person_id
  inner join {{ ref('int_hrm__national_ids') }} as ids
    on of_persons.national_id_hash = ids.national_id_hash and matches.employee_id <> ids.employee_id
),

another_person as (
  select
    one.person_id, other.person_id as other_person_id, one.employee_id, one.employee_number,
    {{ intersection(['one', 'other']) }}
  from busy_matches as one
  inner join busy_matches as other
    on one.employee_id = other.employee_id and one.person_id <> other.person_id
    and {{ overlap('one', 'other') }}
),

-- The employee with the person's number has another national id than the person.
contradicted as (
  select
    matches.person_id, matches.employee_id, matches.employee_number,
    {{ intersection(['matches', 'of_persons', 'ids']) }}
  from busy_matches as matches
  inner join {{ ref('int_vfs__national_ids') }} as of_persons on matches.person_id = of_persons.person_id
  inner join {{ ref('int_hrm__national_ids') }} as ids
    on matches.employee_id = ids.employee_id and of_persons.national_id_hash <> ids.national_id_hash
  where matches.match_method = 'employee_number'
),

-- Somebody else bears the person's number now, and is at work.
earlier_bearer as (
  select
    matches.person_id, present.employee_id, present.employee_number,
    {{ intersection(['matches', 'present', 'active']) }}
  from busy_matches as matches
  inner join {{ ref('int_hrm__bearers') }} as present
    on matches.employee_number = present.employee_number and matches.employee_id <> present.employee_id
  inner join {{ ref('int_hrm__active_positions') }} as active on present.employee_id = active.employee_id
  where matches.match_method = 'employee_number'
),

disputes as (
  select 'another_employee' as dispute, person_id, null::varchar as other_person_id, employee_id, employee_number, from_day, to_day
  from another_employee
  union all
  select 'another_person', person_id, other_person_id, employee_id, employee_number, from_day, to_day from another_person
  union all
  select 'contradicted', person_id, null, employee_id, employee_number, from_day, to_day from contradicted
  union all
  select 'earlier_bearer', person_id, null, employee_id, employee_number, from_day, to_day from earlier_bearer
)

select dispute, person_id, other_person_id, employee_id as other_employee_id, employee_number as other_employee_number, from_day, to_day
from disputes
where from_day < to_day
