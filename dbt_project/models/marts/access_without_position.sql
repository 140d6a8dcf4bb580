select
  person_id, employee_number, given_name, family_name, org_number, org_name, access_groups, status, first_seen_on, days_open,
  remedy, as_of_date
from {{ ref('int_cases') }}
where list_mart = 'access_without_position' and is_on_its_list
