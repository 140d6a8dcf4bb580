-- The VFS position's own HRM position: of several one that has not arrived, then the one known latest, then the lowest id.
with own_hrm_positions as (
  select counterparts.*, propagation.cause
  from {{ ref('int_counterparts') }} as counterparts
  left join {{ ref('int_end_date_propagation') }} as propagation using (hrm_position_id, vfs_position_id)
  -- Somebody missing from VFS's persons counts as unknown to HRM, and so has no HRM position.
  semi join {{ ref('int_identity__matches') }} as matches
    on counterparts.person_id = matches.person_id and {{ holds_today('matches') }}
  where counterparts.is_in_state
  qualify row_number() over (
    partition by counterparts.vfs_position_id
    order by counterparts.has_arrived, counterparts.hrm_end_date_known_on desc, counterparts.hrm_position_id
  ) = 1
),

open_findings as (
  select
    findings.subject_id as vfs_position_id,
    findings.finding_type,
    findings.status,
    positions.person_id,
    persons.employee_number,
    persons.given_name,
    persons.family_name,
    positions.org_number,
    org_units.name as org_name,
    positions.role,
    positions.start_date,
    positions.end_date as vfs_end_date,
    persons.can_log_in,
    persons.hrm_status,
    case
      when own.hrm_position_id is null
        then if(positions.registered_by = 'manual', 'manual_position', 'no_counterpart')
      else coalesce(own.cause, if(own.hrm_org_number <> own.vfs_org_number, 'moved', 'not_started'))
    end as cause,
    own.hrm_position_id,
    own.hrm_end_date,
    own.hrm_end_date_known_on,
    own.last_held_on,
    case
      when coalesce(own.hrm_end_date, own.last_held_on) is not null
        then greatest(coalesce(own.hrm_end_date, own.last_held_on), positions.start_date)
    end as suggested_end_date,
    findings.first_seen_on,
    findings.problem_since,
    findings.is_age_lower_bound,
    (run.as_of_date - findings.first_seen_on)::integer as days_open,
    run.as_of_date
  from {{ ref('int_findings') }} as findings
  inner join {{ ref('stg_vfs__positions') }} as positions
    on findings.subject_id = positions.position_id and {{ holds_today('positions') }}
  inner join {{ ref('int_persons') }} as persons on positions.person_id = persons.person_id
  left join {{ ref('int_org_units') }} as org_units on positions.org_number = org_units.org_number
  left join own_hrm_positions as own on positions.position_id = own.vfs_position_id
  cross join {{ ref('stg_run') }} as run
  where findings.resolved_on is null
    and findings.finding_type in ('active_vfs_inactive_hrm', 'stale_position', 'manual_position', 'unknown_in_hrm')
)

select
  *,
  {{ remedy_end_position('finding_type', 'cause', 'suggested_end_date', "coalesce(org_name, org_number)", 'as_of_date') }} as remedy
from open_findings
