-- Persons whose identity is disputed (contract#disputed-identity). Only persons with an active position or an effective access
-- are findings, and only they count as a second profile of an employee.
with busy as (
  {{ merge_periods(
    '(select person_id, from_day, to_day from ' ~ ref('int_vfs__active_positions') ~ ' union all select person_id, from_day, to_day from '
    ~ ref('int_vfs__effective_accesses') ~ ')', ['person_id']) }}
),

-- The person's employee number belongs to one employee, and the national id to another.
number_against_national_id as (
  select
    persons.person_id,
    {{ intersection(['persons', 'known', 'ids']) }}
  from {{ ref('stg_vfs__persons') }} as persons
  inner join {{ ref('int_hrm__known_employees') }} as known using (employee_number)
  inner join {{ ref('int_hrm__national_ids') }} as ids
    on persons.national_id_hash = ids.national_id_hash and persons.employee_number <> ids.employee_number
),

shared_national_ids as (
  select
    one.national_id_hash,
    {{ intersection(['one', 'other']) }}
  from {{ ref('int_hrm__national_ids') }} as one
  inner join {{ ref('int_hrm__national_ids') }} as other
    on one.national_id_hash = other.national_id_hash and one.employee_number < other.employee_number
),

several_employees as (
  select
    persons.person_id,
    {{ intersection(['persons', 'shared']) }}
  from {{ ref('stg_vfs__persons') }} as persons
  inner join shared_national_ids as shared using (national_id_hash)
),

busy_matches as (
  select
    matches.person_id, matches.employee_number,
    {{ intersection(['matches', 'busy']) }}
  from {{ ref('int_identity__matches') }} as matches
  inner join busy
    on matches.person_id = busy.person_id and {{ overlap('matches', 'busy') }}
),

same_employee as (
  select
    one.person_id,
    {{ intersection(['one', 'other']) }}
  from busy_matches as one
  inner join busy_matches as other
    on one.employee_number = other.employee_number and one.person_id <> other.person_id
    and {{ overlap('one', 'other') }}
),

disputed as (
  select * from number_against_national_id
  union all
  select * from several_employees
  union all
  select * from same_employee
)

select
  'disputed_identity' as finding_type,
  disputed.person_id as subject_id,
  disputed.person_id,
  null::varchar as org_number,
  {{ intersection(['disputed', 'busy']) }}
from disputed
inner join busy
  on disputed.person_id = busy.person_id and {{ overlap('disputed', 'busy') }}
