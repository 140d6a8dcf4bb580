-- How many of VFS's persons match an employee: on the as-of date, and on the last evaluation day before the newest of
-- the current extracts.
with days as (
  select as_of_date as day, true as is_today from {{ ref('stg_run') }}
  union all
  select newest.extract_date - 1, false
  from (select max(extract_date) as extract_date from {{ ref('stg_extracts') }}) as newest
  inner join {{ ref('int_evaluation_window') }} as evaluation on newest.extract_date > evaluation.first_day
)

select
  days.day,
  days.is_today,
  count(persons.person_id)::integer as persons,
  count(matches.person_id)::integer as matched_persons,
  round(100 * count(matches.person_id) / nullif(count(persons.person_id), 0), 1) as matched_percent
from days
left join {{ ref('stg_vfs__persons') }} as persons on persons.from_day <= days.day and days.day < persons.to_day
left join {{ ref('int_identity__matches') }} as matches
  on persons.person_id = matches.person_id and matches.from_day <= days.day and days.day < matches.to_day
group by days.day, days.is_today
