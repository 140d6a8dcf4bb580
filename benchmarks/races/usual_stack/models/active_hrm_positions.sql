-- Not ended, and started or starting within 30 days.
{{ config(materialized='view') }}
select position_id, employee_number, org_number, coalesce(try_cast(start_date as date) <= today.day, true) as started
from {{ ref('hrm_positions') }} cross join {{ ref('today') }} as today
where dbt_valid_to is null
  and coalesce(try_cast(start_date as date) <= today.day + 30, true)
  and coalesce(try_cast(end_date as date) >= today.day, true)
