select
  person_id, employee_number, given_name, family_name, access_groups, hrm_status, last_position_end_date, status,
  first_seen_on, days_open, remedy, {{ of_the_run() }}
from {{ ref('int_cases') }}
cross join {{ ref('stg_run') }} as run
where list_mart = 'inactive_with_access' and is_on_its_list
