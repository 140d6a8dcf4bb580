{{ config(materialized='table') }}
-- The own HRM position of each VFS position, and why the VFS position is still active, or was (contract#own-hrm-position). Of
-- several counterparts it is one that no other of them continues, then one whose end has not arrived, then the one whose end was
-- known latest, then the one with the lowest id.
with continued as (
  select distinct counterparts.hrm_position_id, counterparts.vfs_position_id
  from {{ ref('int_counterparts') }} as counterparts
  inner join {{ ref('int_hrm__continuations') }} as continuations on counterparts.hrm_position_id = continuations.position_id
  inner join {{ ref('int_counterparts') }} as others
    on continuations.continued_by = others.hrm_position_id and counterparts.vfs_position_id = others.vfs_position_id
)

select
  counterparts.vfs_position_id,
  counterparts.hrm_position_id,
  counterparts.is_in_state,
  counterparts.hrm_end_date,
  counterparts.hrm_end_date_known_on,
  counterparts.last_held_on,
  counterparts.is_backdated,
  coalesce(propagation.cause, without_an_end.cause) as cause,
  coalesce(propagation.delayed_by, without_an_end.cause) as delayed_by
from {{ ref('int_counterparts') }} as counterparts
left join {{ ref('int_end_date_propagation') }} as propagation using (hrm_position_id, vfs_position_id)
left join continued using (hrm_position_id, vfs_position_id)
cross join lateral (
  select if(counterparts.hrm_org_number <> counterparts.vfs_org_number, 'moved', 'not_started') as cause
) as without_an_end
qualify row_number() over (
  partition by counterparts.vfs_position_id
  order by
    continued.hrm_position_id is not null, counterparts.has_arrived, counterparts.hrm_end_date_known_on desc nulls last,
    counterparts.hrm_position_id
) = 1
