-- Persons whose identity is disputed (contract#disputed-identity); only those with an active position or an effective access
-- are told, and counted as the other person.
with told as (
  {{ merge_periods(
    '(select person_id, from_day, to_day from ' ~ ref('int_vfs__active_positions') ~ ' union all select person_id, from_day, to_day from '
    ~ ref('int_vfs__effective_accesses') ~ ')', ['person_id']) }}
),

-- Another employee than the one the number points at has the person's national id.
number_against_national_id as (
  select
    persons.person_id,
    greatest(persons.from_day, known.from_day, ids.from_day) as from_day,
    least(persons.to_day, known.to_day, ids.to_day) as to_day
  from {{ ref('stg_vfs__persons') }} as persons
  inner join {{ ref('int_hrm__known_employees') }} as known using (employee_number)
  inner join {{ ref('int_hrm__national_ids') }} as ids
    on persons.national_id_hash = ids.national_id_hash and persons.employee_number <> ids.employee_number
),

shared_national_ids as (
  select
    one.national_id_hash,
    greatest(one.from_day, other.from_day) as from_day,
    least(one.to_day, other.to_day) as to_day
  from {{ ref('int_hrm__national_ids') }} as one
  inner join {{ ref('int_hrm__national_ids') }} as other
    on one.national_id_hash = other.national_id_hash and one.employee_number < other.employee_number
),

several_employees as (
  select
    persons.person_id,
    greatest(persons.from_day, shared.from_day) as from_day,
    least(persons.to_day, shared.to_day) as to_day
  from {{ ref('stg_vfs__persons') }} as persons
  inner join shared_national_ids as shared using (national_id_hash)
),

told_matches as (
  select
    matches.person_id, matches.employee_number,
    greatest(matches.from_day, told.from_day) as from_day,
    least(matches.to_day, told.to_day) as to_day
  from {{ ref('int_identity__matches') }} as matches
  inner join told
    on matches.person_id = told.person_id and matches.from_day < told.to_day and told.from_day < matches.to_day
),

same_employee as (
  select
    one.person_id,
    greatest(one.from_day, other.from_day) as from_day,
    least(one.to_day, other.to_day) as to_day
  from told_matches as one
  inner join told_matches as other
    on one.employee_number = other.employee_number and one.person_id <> other.person_id
    and one.from_day < other.to_day and other.from_day < one.to_day
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
  greatest(disputed.from_day, told.from_day) as from_day,
  least(disputed.to_day, told.to_day) as to_day
from disputed
inner join told
  on disputed.person_id = told.person_id and disputed.from_day < told.to_day and told.from_day < disputed.to_day
