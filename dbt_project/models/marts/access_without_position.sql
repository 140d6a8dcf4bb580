select
  person_id, employee_number, given_name, family_name, org_number, org_name, access_groups, status, first_seen_on, days_open,
  remedy, {{ of_the_run() }}
from {{ ref('int_cases') }}
cross join {{ ref('stg_run') }} as run
where list_mart = 'access_without_position' and is_on_its_list
