{{ config(materialized='table') }}
-- VFS's persons as last seen: a person whom VFS no longer holds stays as in the last extract that did, and counts as able to log
-- in (contract#missing-person).
select
  persons.person_id,
  persons.employee_number,
  persons.given_name,
  persons.family_name,
  persons.registered_by,
  persons.login_enabled,
  persons.from_day,
  lead(persons.from_day, 1, run.as_of_date + 1) over (partition by persons.person_id order by persons.from_day) as to_day,
  persons.to_day as in_state_to_day
from {{ ref('stg_vfs__persons') }} as persons
cross join {{ ref('stg_run') }} as run
