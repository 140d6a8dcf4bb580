-- Every finding that is open or excepted. The report, the worklists and the messages show these rows.
select
  case_number, finding_id, finding_type, subject_id, status, person_id, employee_number, given_name, family_name,
  org_number, org_name, role, start_date, vfs_end_date, can_log_in, hrm_status, cause, hrm_position_id, hrm_end_date,
  hrm_end_date_known_on, last_held_on, suggested_end_date, access_groups, review_reason, first_seen_on, problem_since,
  is_age_lower_bound, days_open, age_days, has_left_with_access, is_disputed, excepted_until,
  exception_reason, why, remedy, as_of_date
from {{ ref('int_cases') }}
