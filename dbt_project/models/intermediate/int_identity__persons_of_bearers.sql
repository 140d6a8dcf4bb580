-- Which bearer of a number that changed hands a VFS person with that number is (contract#bearer): the latest one who has the person's
-- national id; where none has, the bearer of the day on which VFS first showed the person.
with persons as (
  select
    person_id, employee_number, from_day, to_day, min(from_day) over (partition by person_id) as first_shown_on
  from {{ ref('int_vfs__persons_as_last_seen') }}
  qualify employee_number in (select employee_number from {{ ref('int_hrm__bearers') }})
),

claims as (
  select persons.person_id, persons.employee_number, bearers.employee_id, 0 as preference, persons.from_day, persons.to_day
  from persons
  inner join {{ ref('int_hrm__bearers') }} as bearers
    on persons.employee_number = bearers.employee_number
    and bearers.from_day <= persons.first_shown_on and persons.first_shown_on < bearers.to_day
  union all
  select
    persons.person_id, persons.employee_number, of_bearers.employee_id, of_bearers.bearer_number as preference,
    {{ intersection(['persons', 'of_persons', 'of_bearers']) }}
  from persons
  inner join {{ ref('int_vfs__national_ids') }} as of_persons using (person_id)
  inner join {{ ref('int_hrm__national_ids') }} as of_bearers
    on persons.employee_number = of_bearers.employee_number and of_persons.national_id_hash = of_bearers.national_id_hash
),

days as (
  select person_id, employee_number, unnest([from_day, to_day]) as day from claims where from_day < to_day
),

segments as (
  select
    person_id, employee_number, day as from_day,
    lead(day) over (partition by person_id, employee_number order by day) as to_day
  from (select distinct * from days)
),

chosen as (
  select
    segments.person_id, segments.employee_number, arg_max(claims.employee_id, claims.preference) as employee_id,
    segments.from_day, segments.to_day
  from segments
  inner join claims
    on segments.person_id = claims.person_id and segments.employee_number = claims.employee_number
    and claims.from_day <= segments.from_day and segments.from_day < claims.to_day
  where segments.to_day is not null
  group by all
)

{{ merge_periods('chosen', ['person_id', 'employee_number', 'employee_id']) }}
