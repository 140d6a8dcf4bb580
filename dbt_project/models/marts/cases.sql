-- Every finding that is open or excepted. The report, the worklists and the messages show these rows.
with kommuneadmins_who_left as (
  select distinct person_id from {{ ref('kommuneadmin_roster') }} where hrm_status in ('inactive', 'unknown')
),

-- Exceptions that held until yesterday.
ended_exceptions as (
  select distinct exceptions.finding_type, exceptions.subject_id
  from {{ ref('stg_exceptions') }} as exceptions
  inner join {{ ref('stg_run') }} as run on exceptions.to_day = run.as_of_date
)

select
  cases.case_number, cases.finding_id, cases.finding_type, cases.subject_id, cases.status,
  -- The first group that holds.
  case
    when kommuneadmins_who_left.person_id is not null then 1
    when cases.has_left_with_access then 2
    when cases.finding_type in (
      'active_vfs_inactive_hrm', 'stale_position', 'inactive_with_access', 'access_without_position'
    ) then 3
    else 4
  end::integer as priority,
  -- What the evaluation day before did not have; nothing is news on the first day.
  case
    when cases.as_of_date = evaluation.first_day then null
    when cases.first_seen_on = cases.as_of_date and cases.problem_since < cases.first_seen_on then 'changed_type'
    when cases.first_seen_on = cases.as_of_date and cases.is_returned then 'returned'
    when cases.first_seen_on = cases.as_of_date then 'new'
    when cases.status = 'open' and ended_exceptions.subject_id is not null then 'exception_ended'
  end as change,
  row_number() over (partition by cases.case_number order by cases.first_seen_on, cases.subject_id) = 1 as is_lead,
  cases.person_id, cases.employee_number, cases.given_name, cases.family_name, cases.org_number, cases.org_name, cases.role,
  cases.start_date, cases.vfs_end_date, cases.can_log_in, cases.hrm_status, cases.cause, cases.hrm_position_id, cases.hrm_end_date,
  cases.hrm_end_date_known_on, cases.last_held_on, cases.suggested_end_date, cases.date_to_set, cases.ends_by_itself,
  cases.access_groups, cases.access_org_numbers, cases.review_reason,
  cases.first_seen_on, cases.problem_since, cases.is_age_lower_bound, cases.days_open, cases.age_days, {{ age_bucket('cases.age_days') }} as age_bucket,
  cases.has_left_with_access, cases.is_disputed, cases.excepted_until, cases.exception_reason, cases.excepted_by,
  handling.handling_status, handling.handled_by, handling.handling_comment, handling.handled_on, handling.claimed_on, handling.claim,
  cases.why, cases.remedy, {{ of_the_run() }}
from {{ ref('int_cases') }} as cases
cross join {{ ref('int_evaluation_window') }} as evaluation
cross join {{ ref('stg_run') }} as run
left join {{ ref('int_case_handling') }} as handling on cases.case_number = handling.case_number
left join kommuneadmins_who_left using (person_id)
left join ended_exceptions
  on cases.finding_type = ended_exceptions.finding_type and cases.subject_id = ended_exceptions.subject_id
