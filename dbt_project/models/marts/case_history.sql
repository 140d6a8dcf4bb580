-- Every case ever, resolved ones too, one row for each: figures of cases are counted here, and add up.
select
  history.case_number,
  history.finding_type,
  history.finding_types,
  history.person_id,
  history.org_number,
  {{ org_name('history.org_number') }} as org_name,
  history.cause,
  history.opened_on,
  history.resolved_on,
  history.status,
  history.resolved_on is null as is_open,
  history.is_age_lower_bound,
  (coalesce(history.resolved_on, run.as_of_date) - history.opened_on)::integer as age_days,
  {{ age_bucket('age_days') }} as age_bucket,
  (history.resolved_on - history.opened_on)::integer as days_to_resolve,
  coalesce(exposure.exposure_days, 0) as exposure_days,
  history.hrm_status,
  {{ of_the_run() }}
from {{ ref('int_case_history') }} as history
left join {{ ref('int_exposure') }} as exposure on history.case_number = exposure.case_number
left join {{ ref('int_org_units__names') }} as org_units on history.org_number = org_units.org_number
cross join {{ ref('stg_run') }} as run
where coalesce(history.resolved_on >= run.purged_before, true)
