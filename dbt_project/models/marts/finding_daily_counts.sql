-- Every day of a finding type and org unit from its first count on. Findings that stand while a type cannot be assessed are not counted:
-- that there are no more is not known then.
with days as (
  select unnest(generate_series(evaluation.first_day, evaluation.as_of_date, interval 1 day))::date as evaluation_date
  from {{ ref('int_evaluation_window') }} as evaluation
),

events as (
  select
    days.evaluation_date, findings.finding_type, findings.org_number,
    true as is_present, false as is_open, findings.first_seen_on = days.evaluation_date as is_opened, false as is_resolved
  from {{ ref('int_findings') }} as findings
  inner join days on findings.from_day <= days.evaluation_date and days.evaluation_date < findings.to_day
  union all
  select days.evaluation_date, open_findings.finding_type, open_findings.org_number, false, true, false, false
  from {{ ref('int_open_findings') }} as open_findings
  inner join days on open_findings.from_day <= days.evaluation_date and days.evaluation_date < open_findings.to_day
  union all
  select resolved_on, finding_type, org_number, false, false, false, true
  from {{ ref('int_findings') }}
  where resolved_on is not null and succeeded_by is null
),

counted as (
  select
    evaluation_date, finding_type, org_number,
    count(*) filter (where is_open) as open_count,
    count(*) filter (where is_present) - count(*) filter (where is_open) as excepted_count,
    count(*) filter (where is_opened) as opened_count,
    count(*) filter (where is_resolved) as resolved_count
  from events
  group by all
),

pairs as (
  select finding_type, org_number, min(evaluation_date) as first_date from counted group by all
),

each_day as (
  select
    days.evaluation_date, pairs.finding_type, pairs.org_number, not_assessable.name is null as is_assessable
  from pairs
  inner join days on pairs.first_date <= days.evaluation_date
  left join {{ ref('int_not_assessable') }} as not_assessable
    on pairs.finding_type = not_assessable.name
    and not_assessable.from_day <= days.evaluation_date and days.evaluation_date < not_assessable.to_day
)

select
  each_day.evaluation_date,
  each_day.finding_type,
  each_day.org_number,
  {{ org_name('each_day.org_number') }} as org_name,
  if(each_day.is_assessable, coalesce(counted.open_count, 0)::integer, null) as open_count,
  if(each_day.is_assessable, coalesce(counted.excepted_count, 0)::integer, null) as excepted_count,
  if(each_day.is_assessable, coalesce(counted.opened_count, 0)::integer, null) as opened_count,
  if(each_day.is_assessable, coalesce(counted.resolved_count, 0)::integer, null) as resolved_count,
  {{ period_ends('each_day.evaluation_date') }},
  {{ of_the_run() }}
from each_day
left join counted
  on each_day.evaluation_date = counted.evaluation_date and each_day.finding_type = counted.finding_type
  and each_day.org_number is not distinct from counted.org_number
left join {{ ref('int_org_units__names') }} as org_units on each_day.org_number = org_units.org_number
cross join {{ ref('stg_run') }} as run
where coalesce(each_day.evaluation_date >= run.purged_before, true)
