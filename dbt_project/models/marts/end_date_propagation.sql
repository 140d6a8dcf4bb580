-- How many days the position let somebody in after the last day of work. None where the job went on in another position.
with evaluated as (
  select
    pairs.hrm_position_id, pairs.vfs_position_id,
    greatest(evaluation.first_day, coalesce(pairs.hrm_end_date, pairs.last_held_on) + 1) as from_day,
    evaluation.to_day
  from {{ ref('int_end_date_propagation') }} as pairs
  cross join {{ ref('int_evaluation_window') }} as evaluation
  where pairs.status <> 'superseded'
),

standing as (
  select evaluated.hrm_position_id, evaluated.vfs_position_id, {{ intersection(['evaluated', 'ways_in']) }}
  from evaluated
  inner join {{ ref('int_vfs__ways_in') }} as ways_in
    on evaluated.vfs_position_id = ways_in.position_id and {{ overlap('evaluated', 'ways_in') }}
),

exposure as (
  select hrm_position_id, vfs_position_id, sum(to_day - from_day)::integer as exposure_days
  from standing group by all
)

select
  pairs.hrm_position_id,
  pairs.vfs_position_id,
  pairs.employee_number,
  pairs.hrm_org_number as org_number,
  {{ org_name('pairs.hrm_org_number') }} as org_name,
  pairs.vfs_org_number,
  pairs.person_id,
  pairs.hrm_end_date,
  pairs.hrm_end_date_known_on,
  pairs.last_held_on,
  pairs.is_backdated,
  pairs.is_vanished,
  pairs.vfs_end_date,
  pairs.propagated_on,
  pairs.lag_days::integer as lag_days,
  case pairs.status when 'propagated' then pairs.lag_days <= run.grace_days when 'failed' then false end as is_on_time,
  coalesce(exposure.exposure_days, 0) as exposure_days,
  pairs.status,
  pairs.cause,
  {{ of_the_run() }}
from {{ ref('int_end_date_propagation') }} as pairs
left join exposure on pairs.hrm_position_id = exposure.hrm_position_id and pairs.vfs_position_id = exposure.vfs_position_id
left join {{ ref('int_org_units__names') }} as org_units on pairs.hrm_org_number = org_units.org_number
cross join {{ ref('stg_run') }} as run
