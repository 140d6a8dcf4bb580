select
  person_id, employee_number, given_name, family_name, access_groups, hrm_status, last_position_end_date, status,
  first_seen_on, days_open, remedy, as_of_date
from {{ ref('int_cases') }}
where list_mart = 'inactive_with_access' and is_on_its_list
