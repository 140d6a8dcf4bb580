-- The employee that a VFS person matches, also after VFS stopped holding the person: by employee number, else by national id.
with persons as (
  select
    persons.person_id, persons.employee_number, persons.national_id_hash, persons.from_day,
    lead(persons.from_day, 1, run.as_of_date + 1) over (
      partition by persons.person_id order by persons.from_day
    ) as to_day
  from {{ ref('stg_vfs__persons') }} as persons
  cross join {{ ref('stg_run') }} as run
),

by_number as (
  select
    persons.person_id, known.employee_number, 'employee_number' as match_method,
    greatest(persons.from_day, known.from_day) as from_day,
    persons.to_day
  from persons
  inner join {{ ref('int_hrm__known_employees') }} as known using (employee_number)
),

by_national_id as (
  select
    persons.person_id, owners.employee_number, 'national_id' as match_method,
    greatest(persons.from_day, owners.from_day) as from_day,
    -- From the day on which HRM knows the person's employee number, the number is used instead.
    least(persons.to_day, owners.to_day, known.from_day) as to_day
  from persons
  inner join {{ ref('int_hrm__national_id_owners') }} as owners using (national_id_hash)
  left join {{ ref('int_hrm__known_employees') }} as known on persons.employee_number = known.employee_number
)

select * from by_number where from_day < to_day
union all
select * from by_national_id where from_day < to_day
