{{ config(materialized='table') }}
-- The periods in which HRM holds an employee, as an employee or in a position.
with held as (
  select employee_id, employee_number, from_day, to_day from {{ ref('int_hrm__employees') }}
  union all
  select employee_id, employee_number, from_day, to_day from {{ ref('int_hrm__positions') }}
)

{{ merge_periods('held', ['employee_id', 'employee_number']) }}
