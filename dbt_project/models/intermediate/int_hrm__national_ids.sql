-- The national id of each employee: the last one seen holds, also while HRM shows none or does not hold the employee.
with seen as (
  select employee_id, employee_number, bearer_number, national_id_hash, from_day
  from {{ ref('int_hrm__employees') }}
  where national_id_hash is not null
),

changes as (
  select *
  from seen
  qualify national_id_hash is distinct from
    lag(national_id_hash) over (partition by employee_id order by from_day)
)

select
  changes.employee_id,
  changes.employee_number,
  changes.bearer_number,
  changes.national_id_hash,
  changes.from_day,
  lead(changes.from_day, 1, run.as_of_date + 1) over (
    partition by changes.employee_id order by changes.from_day
  ) as to_day
from changes
cross join {{ ref('stg_run') }} as run
