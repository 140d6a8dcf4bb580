{{ config(materialized='table') }}
-- HRM's employees, each version with the employee who bore the number then (contract#bearer).
select
  coalesce(bearers.employee_id, employees.employee_number) as employee_id,
  coalesce(bearers.bearer_number, 1) as bearer_number,
  employees.*
from {{ ref('stg_hrm__employees') }} as employees
left join {{ ref('int_hrm__bearers') }} as bearers
  on employees.employee_number = bearers.employee_number
  and bearers.from_day <= employees.from_day and employees.from_day < bearers.to_day
