with days as (
  select unnest(generate_series(evaluation.first_day, evaluation.as_of_date, interval 1 day))::date as evaluation_date
  from {{ ref('int_evaluation_window') }} as evaluation
),

excepted as (
  {{ merge_periods(ref('stg_exceptions'), ['finding_type', 'subject_id']) }}
),

events as (
  select
    days.evaluation_date, findings.finding_type, findings.org_number,
    excepted.subject_id is null as is_open, excepted.subject_id is not null as is_excepted,
    findings.first_seen_on = days.evaluation_date as is_opened, false as is_resolved
  from {{ ref('int_findings') }} as findings
  inner join days on findings.from_day <= days.evaluation_date and days.evaluation_date < findings.to_day
  left join excepted
    on findings.finding_type = excepted.finding_type and findings.subject_id = excepted.subject_id
    and excepted.from_day <= days.evaluation_date and days.evaluation_date < excepted.to_day
  union all
  select resolved_on, finding_type, org_number, false, false, false, true
  from {{ ref('int_findings') }}
  where resolved_on is not null and succeeded_by is null
)

select
  events.evaluation_date,
  events.finding_type,
  events.org_number,
  (count(*) filter (where events.is_open))::integer as open_count,
  (count(*) filter (where events.is_excepted))::integer as excepted_count,
  (count(*) filter (where events.is_opened))::integer as opened_count,
  (count(*) filter (where events.is_resolved))::integer as resolved_count,
  run.as_of_date
from events
cross join {{ ref('stg_run') }} as run
where coalesce(events.evaluation_date >= run.purged_before, true)
group by all
