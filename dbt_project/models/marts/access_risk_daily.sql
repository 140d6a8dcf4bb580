-- Days before a purge are as they were counted before it.
with before_purge as (
  select risk.*
  from {{ source('ingest', 'access_risk_before_purge') }} as risk
  cross join {{ ref('stg_run') }} as run
  where risk.evaluation_date <= run.as_of_date
),

counted as (
  select *, evaluation_date in (select evaluation_date from {{ ref('int_doubtful_days') }}) as is_in_doubt
  from {{ ref('int_access_risk__daily') }}
  where evaluation_date not in (select evaluation_date from before_purge)
  union all by name
  select * from before_purge
)

select
  counted.evaluation_date,
  counted.org_number,
  if(counted.org_number = 'all', 'Hele kommunen', {{ org_name('counted.org_number') }}) as org_name,
  counted.org_number is not distinct from 'all' as is_total,
  counted.people_left_with_access,
  counted.people_unknown_with_access,
  counted.open_cases,
  counted.active_positions,
  counted.people_checked,
  counted.is_in_doubt,
  {{ period_ends('counted.evaluation_date') }},
  {{ of_the_run() }}
from counted
left join {{ ref('int_org_units__names') }} as org_units on counted.org_number = org_units.org_number
cross join {{ ref('stg_run') }} as run
