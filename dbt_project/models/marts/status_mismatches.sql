-- Active VFS positions that no HRM position backs, one row for each open finding.
select
  subject_id as vfs_position_id, finding_type, status, person_id, employee_number, given_name, family_name, org_number, org_name,
  role, start_date, vfs_end_date, can_log_in, hrm_status, cause, hrm_position_id, hrm_end_date, hrm_end_date_known_on,
  last_held_on, suggested_end_date, first_seen_on, problem_since, is_age_lower_bound, days_open, remedy,
  {{ of_the_run() }}
from {{ ref('int_cases') }}
cross join {{ ref('stg_run') }} as run
where list_mart = 'status_mismatches' and is_on_its_list
