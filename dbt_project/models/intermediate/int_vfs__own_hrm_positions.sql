-- The own HRM position of each VFS position in the state, and why the VFS position is still active. Of several counterparts it
-- is one whose end has not arrived, then the one whose end was known latest, then the one with the lowest id.
select
  counterparts.vfs_position_id,
  counterparts.hrm_position_id,
  counterparts.hrm_end_date,
  counterparts.hrm_end_date_known_on,
  counterparts.last_held_on,
  coalesce(
    propagation.cause, if(counterparts.hrm_org_number <> counterparts.vfs_org_number, 'moved', 'not_started')
  ) as cause
from {{ ref('int_counterparts') }} as counterparts
left join {{ ref('int_end_date_propagation') }} as propagation using (hrm_position_id, vfs_position_id)
-- A person without a profile in VFS counts as unknown in HRM, and so has no own HRM position.
semi join {{ ref('int_identity__matches') }} as matches
  on counterparts.person_id = matches.person_id and {{ holds_today('matches') }}
where counterparts.is_in_state
qualify row_number() over (
  partition by counterparts.vfs_position_id
  order by counterparts.has_arrived, counterparts.hrm_end_date_known_on desc, counterparts.hrm_position_id
) = 1
