{{ config(materialized='table') }}
-- Each case ever: its last finding that leads it, from when to when, and the HRM position and cause behind it. Open cases are as in
-- int_cases; what was behind a resolved one is told by what is known now.
with chains as (
  select
    case_number,
    string_agg(distinct finding_type, ', ' order by finding_type) as finding_types,
    min(problem_since) as opened_on,
    if(bool_or(resolved_on is null), null, max(resolved_on)) as resolved_on,
    bool_or(status = 'open') as has_open,
    bool_or(is_age_lower_bound) as is_age_lower_bound
  from {{ ref('int_findings') }}
  group by case_number
),

-- Of two disputing persons who are one case, the first leads it while both findings stand.
leads as (
  select * from {{ ref('int_findings') }}
  qualify row_number() over (
    partition by case_number order by resolved_on desc nulls first, first_seen_on desc, subject_id
  ) = 1
),

described as (
  select
    chains.*,
    leads.finding_id,
    leads.finding_type,
    leads.subject_id,
    leads.person_id,
    leads.org_number,
    leads.last_seen_on,
    types.subject = 'vfs_position' as is_on_vfs_position,
    types.list_mart = 'status_mismatches' as is_unbacked,
    if(types.subject = 'vfs_position', leads.subject_id, null) as vfs_position_id
  from chains
  inner join leads using (case_number)
  inner join {{ ref('finding_types') }} as types on leads.finding_type = types.finding_type
),

vfs_positions as (
  select position_id, registered_by from {{ ref('stg_vfs__positions') }}
  qualify row_number() over (partition by position_id order by from_day desc) = 1
)

select
  described.case_number,
  described.finding_type,
  described.finding_types,
  described.subject_id,
  described.is_on_vfs_position,
  described.person_id,
  described.org_number,
  described.opened_on,
  described.resolved_on,
  case when described.resolved_on is not null then 'resolved' when described.has_open then 'open' else 'excepted' end as status,
  described.is_age_lower_bound,
  case
    when described.resolved_on is null then cases.cause
    when described.is_unbacked
      then coalesce(own.delayed_by, if(vfs_positions.registered_by = 'manual', 'manual_position', 'no_counterpart'))
    when own.delayed_by in ('not_sent', 'sent_not_applied') then own.delayed_by
  end as cause,
  if(described.resolved_on is null, cases.hrm_status,
    if(described.finding_type = 'ended_early_in_vfs', 'active', coalesce(statuses.hrm_status, 'unknown'))) as hrm_status,
  if(described.resolved_on is null, coalesce(cases.hrm_end_date, cases.last_held_on), coalesce(own.hrm_end_date, own.last_held_on))
    as last_day_of_work
from described
left join {{ ref('int_cases') }} as cases on described.finding_id = cases.finding_id
left join {{ ref('int_vfs__own_hrm_positions') }} as own on described.vfs_position_id = own.vfs_position_id
left join vfs_positions on described.vfs_position_id = vfs_positions.position_id
left join {{ ref('int_identity__hrm_status') }} as statuses
  on described.person_id = statuses.person_id
  and statuses.from_day <= described.last_seen_on and described.last_seen_on < statuses.to_day
