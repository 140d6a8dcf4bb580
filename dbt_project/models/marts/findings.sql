select
  findings.finding_id,
  findings.case_number,
  findings.finding_type,
  findings.subject_id,
  findings.person_id,
  findings.org_number,
  {{ org_name('findings.org_number') }} as org_name,
  findings.status,
  findings.first_seen_on,
  findings.last_seen_on,
  findings.resolved_on,
  (coalesce(findings.resolved_on, run.as_of_date) - findings.first_seen_on)::integer as days_open,
  findings.problem_since,
  findings.succeeded_by,
  findings.is_age_lower_bound,
  {{ of_the_run() }}
from {{ ref('int_findings') }} as findings
left join {{ ref('int_org_units__names') }} as org_units on findings.org_number = org_units.org_number
cross join {{ ref('stg_run') }} as run
where coalesce(findings.resolved_on >= run.purged_before, true)
