-- Each person in VFS with the employee of the same number, else of the same national id, that HRM ever held.
with known as (
  select distinct employee_number from {{ ref('hrm_employees') }}
),

by_id as (
  select national_id, max_by(employee_number, dbt_valid_from) as employee_number
  from {{ ref('hrm_employees') }} where national_id is not null group by 1
)

select p.person_id, p.login_enabled is distinct from 'false' as can_log_in,
  coalesce(known.employee_number, by_id.employee_number) as employee_number
from {{ ref('vfs_persons') }} as p
left join known on known.employee_number = p.employee_number
left join by_id on by_id.national_id = p.national_id
where p.dbt_valid_to is null
