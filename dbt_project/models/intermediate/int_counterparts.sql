{{ config(materialized='table') }}
-- Each HRM position with its counterparts ever seen in VFS (contract#counterpart), persons and positions as last seen. A counterpart
-- of a position is one of its continuations too, where these have none of their own.
with recursive vfs_positions as (
  select
    *,
    min(from_day) over (partition by position_id) as first_seen_on,
    {{ holds_today() }} as is_in_state
  from {{ ref('stg_vfs__positions') }}
  qualify row_number() over (partition by position_id order by from_day desc) = 1
),

own as (
  select hrm.position_id as hrm_position_id, vfs.position_id as vfs_position_id
  from vfs_positions as vfs
  inner join {{ ref('int_identity__matches') }} as matches
    on vfs.person_id = matches.person_id and {{ holds_today('matches') }}
  inner join {{ ref('int_hrm__end_dates') }} as hrm
    on matches.employee_id = hrm.employee_id
    and (
      vfs.hrm_position_id = hrm.position_id
      or (
        vfs.hrm_position_id is null and vfs.registered_by = 'hrm'
        and vfs.org_number = hrm.org_number and vfs.start_date is not distinct from hrm.start_date
      )
    )
),

continuations as (
  select continuations.*
  from {{ ref('int_hrm__continuations') }} as continuations
  anti join own on continuations.continued_by = own.hrm_position_id
),

inherited as (
  select continuations.continued_by as hrm_position_id, own.vfs_position_id
  from own
  inner join continuations on own.hrm_position_id = continuations.position_id
  union
  select continuations.continued_by, inherited.vfs_position_id
  from inherited
  inner join continuations on inherited.hrm_position_id = continuations.position_id
),

pairs as (
  select * from own
  union all
  select * from inherited
)

select
  hrm.position_id as hrm_position_id,
  vfs.position_id as vfs_position_id,
  vfs.person_id,
  hrm.employee_number,
  hrm.org_number as hrm_org_number,
  vfs.org_number as vfs_org_number,
  hrm.hrm_end_date,
  hrm.hrm_end_date_known_on,
  hrm.last_held_on,
  hrm.is_backdated,
  hrm.is_vanished,
  vfs.end_date as vfs_end_date,
  vfs.registered_by,
  vfs.first_seen_on,
  vfs.is_in_state,
  -- Arrived in VFS's current extract (contract#arrived).
  not vfs.is_in_state
    or coalesce(vfs.end_date <= hrm.hrm_end_date, false)
    or coalesce(vfs.end_date < current_extract.extract_date, false) as has_arrived
from pairs
inner join vfs_positions as vfs on pairs.vfs_position_id = vfs.position_id
inner join {{ ref('int_hrm__end_dates') }} as hrm on pairs.hrm_position_id = hrm.position_id
cross join (
  select max(extract_date) as extract_date from {{ ref('stg_extracts') }} where system = 'vfs'
) as current_extract
