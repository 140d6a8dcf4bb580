{{ config(materialized='table') }}
-- Which HRM position continues which (contract#continuation): the next segment of the same job, as payroll systems tell it. Positions
-- as last seen.
select
  earlier.position_id,
  later.position_id as continued_by
from {{ ref('int_hrm__end_dates') }} as earlier
inner join {{ ref('int_hrm__end_dates') }} as later
  on earlier.employee_id = later.employee_id and earlier.org_number = later.org_number
  and later.start_date > coalesce(earlier.start_date, date '0001-01-01')
  and later.start_date <= earlier.last_seen_end_date + 1
where coalesce(later.last_seen_end_date >= later.start_date, true)
