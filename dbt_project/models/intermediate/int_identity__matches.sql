{{ config(materialized='table') }}
-- The employee that a VFS person matches, by employee number, else by national id; persons as last seen (contract#match).
with known_numbers as (
  select employee_number, min(from_day) as from_day from {{ ref('int_hrm__known_employees') }} group by employee_number
),

numbered as (
  select person_id, employee_number, employee_number as employee_id, from_day, to_day
  from {{ ref('int_vfs__persons_as_last_seen') }}
  anti join {{ ref('int_hrm__bearers') }} using (employee_number)
  where employee_number is not null
  union all
  select person_id, employee_number, employee_id, from_day, to_day from {{ ref('int_identity__persons_of_bearers') }}
),

by_number as (
  select
    numbered.person_id, numbered.employee_id, numbered.employee_number, 'employee_number' as match_method,
    greatest(numbered.from_day, known.from_day) as from_day,
    numbered.to_day
  from numbered
  inner join known_numbers as known using (employee_number)
),

by_national_id as (
  select
    persons.person_id, owners.employee_id, owners.employee_number, 'national_id' as match_method,
    greatest(persons.from_day, ids.from_day, owners.from_day) as from_day,
    -- From the day on which HRM knows the person's employee number, the number is used instead.
    least(persons.to_day, ids.to_day, owners.to_day, known.from_day) as to_day
  from {{ ref('int_vfs__persons_as_last_seen') }} as persons
  inner join {{ ref('int_vfs__national_ids') }} as ids using (person_id)
  inner join {{ ref('int_hrm__national_id_owners') }} as owners using (national_id_hash)
  left join known_numbers as known on persons.employee_number = known.employee_number
)

select * from by_number where from_day < to_day
union all
select * from by_national_id where from_day < to_day
