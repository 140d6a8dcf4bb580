-- How far each system could be trusted on each evaluation day, as it is known now (contract#command-evidence): what the mart
-- data_freshness says of the as-of date, of every day.
with days as (
  select unnest(generate_series(evaluation.first_day, evaluation.as_of_date, interval 1 day))::date as evaluation_date
  from {{ ref('int_evaluation_window') }} as evaluation
),

delivered as (
  select extracts.system, extracts.extract_date, extracts.status in ('refused', 'quarantined') as is_held_back
  from {{ source('ingest', 'extracts') }} as extracts
  cross join {{ ref('stg_run') }} as run
  where extracts.extract_date <= run.as_of_date
),

system_days as (
  select days.evaluation_date, systems.system
  from days
  cross join (select 'hrm' as system union select 'vfs' union select system from delivered where system = 'transfer') as systems
),

current_extracts as (
  select system, extract_date from {{ ref('stg_extracts') }}
  union all
  select system, extract_date from {{ ref('stg_transfer__extracts') }}
),

with_current as (
  select system_days.evaluation_date, system_days.system, current_extracts.extract_date as current_extract_date
  from system_days
  asof left join current_extracts
    on system_days.system = current_extracts.system and system_days.evaluation_date >= current_extracts.extract_date
),

withheld as (
  select with_current.evaluation_date, with_current.system, count(distinct delivered.extract_date) as withheld_extracts
  from with_current
  inner join delivered on with_current.system = delivered.system
  where delivered.is_held_back
    and delivered.extract_date <= with_current.evaluation_date
    and coalesce(delivered.extract_date > with_current.current_extract_date, true)
  group by with_current.evaluation_date, with_current.system
)

select
  with_current.evaluation_date,
  with_current.system,
  with_current.current_extract_date,
  (with_current.evaluation_date - with_current.current_extract_date)::integer as age_days,
  case
    when with_current.current_extract_date is null then 'missing'
    when withheld.withheld_extracts > 0 then 'withheld'
    when with_current.evaluation_date - with_current.current_extract_date > run.max_extract_age_days then 'stale'
    else 'fresh'
  end as status,
  coalesce(withheld.withheld_extracts, 0)::integer as withheld_extracts
from with_current
left join withheld using (evaluation_date, system)
cross join {{ ref('stg_run') }} as run
