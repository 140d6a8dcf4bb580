-- VFS persons whose employee number HRM does not know, but would if leading zeros and spaces were dropped on both sides.
with persons as (
  select person_id, employee_number, ltrim(regexp_replace(employee_number, '\s', '', 'g'), '0') as bare_number
  from {{ ref('stg_vfs__persons') }} as persons
  anti join {{ ref('int_hrm__known_employees') }} as known using (employee_number)
  where {{ holds_today('persons') }}
),

employees as (
  select employee_number, ltrim(regexp_replace(employee_number, '\s', '', 'g'), '0') as bare_number
  from {{ ref('int_hrm__known_employees') }}
)

select persons.person_id, persons.employee_number, employees.employee_number as hrm_employee_number
from persons
inner join employees using (bare_number)
where bare_number <> ''
