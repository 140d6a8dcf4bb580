-- The periods in which HRM holds an employee, as an employee or in a position.
with held as (
  select employee_number, from_day, to_day from {{ ref('stg_hrm__employees') }}
  union all
  select employee_number, from_day, to_day from {{ ref('stg_hrm__positions') }}
)

{{ merge_periods('held', ['employee_number']) }}
