select
  hrm_position_id,
  vfs_position_id,
  employee_number,
  hrm_org_number as org_number,
  vfs_org_number,
  person_id,
  hrm_end_date,
  hrm_end_date_known_on,
  last_held_on,
  is_backdated,
  is_vanished,
  vfs_end_date,
  propagated_on,
  lag_days::integer as lag_days,
  status,
  cause,
  run.as_of_date
from {{ ref('int_end_date_propagation') }}
cross join {{ ref('stg_run') }} as run
