select
  positions.position_id as vfs_position_id,
  positions.person_id,
  positions.org_number,
  {{ org_name('positions.org_number') }} as org_name,
  positions.role,
  positions.start_date,
  positions.end_date,
  backed.vfs_position_id is not null as is_backed,
  persons.hrm_status,
  (run.as_of_date - positions.start_date)::integer as age_days,
  {{ of_the_run() }}
from {{ ref('int_vfs__active_positions') }} as positions
inner join {{ ref('int_persons') }} as persons using (person_id)
left join {{ ref('int_org_units__names') }} as org_units on positions.org_number = org_units.org_number
left join {{ ref('int_backed_positions') }} as backed
  on positions.position_id = backed.vfs_position_id and {{ holds_today('backed') }}
cross join {{ ref('stg_run') }} as run
where positions.registered_by = 'manual' and {{ holds_today('positions') }}
