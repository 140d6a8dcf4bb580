{{ config(materialized='table') }}
-- HRM's positions with the employee whose they are: a position stays with the bearer of the number on the day on which HRM first
-- held it under that number (contract#bearer).
with first_held as (
  select position_id, employee_number, min(from_day) as first_held_on
  from {{ ref('stg_hrm__positions') }}
  semi join {{ ref('int_hrm__bearers') }} using (employee_number)
  group by all
),

of_bearers as (
  select first_held.position_id, first_held.employee_number, bearers.employee_id
  from first_held
  inner join {{ ref('int_hrm__bearers') }} as bearers
    on first_held.employee_number = bearers.employee_number
    and bearers.from_day <= first_held.first_held_on and first_held.first_held_on < bearers.to_day
)

select coalesce(of_bearers.employee_id, positions.employee_number) as employee_id, positions.*
from {{ ref('stg_hrm__positions') }} as positions
left join of_bearers using (position_id, employee_number)
