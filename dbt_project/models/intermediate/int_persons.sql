{{ config(materialized='table') }}
-- Every person who has a profile, a position or an access in VFS now, with today's match and status. A person without a profile now
-- is as last seen, and counts as able to log in (contract#missing-person).
with persons as (
  select person_id from {{ ref('stg_vfs__persons') }} where {{ holds_today() }}
  union
  select person_id from {{ ref('stg_vfs__positions') }} where {{ holds_today() }}
  union
  select person_id from {{ ref('stg_vfs__accesses') }} where {{ holds_today() }}
),

profiles as (
  select *, in_state_to_day = to_day as is_in_state
  from {{ ref('int_vfs__persons_as_last_seen') }} where {{ holds_today() }}
),

statuses as (
  select * from {{ ref('int_identity__hrm_status') }} where {{ holds_today() }}
)

select
  persons.person_id,
  coalesce(profiles.is_in_state, false) as is_in_state,
  coalesce(statuses.employee_number, profiles.employee_number) as employee_number,
  statuses.employee_id as matched_employee_id,
  statuses.employee_number as matched_employee_number,
  profiles.given_name,
  profiles.family_name,
  profiles.registered_by,
  coalesce(not profiles.is_in_state or profiles.login_enabled, true) as can_log_in,
  coalesce(statuses.match_method, 'none') as match_method,
  coalesce(statuses.hrm_status, 'unknown') as hrm_status
from persons
left join profiles using (person_id)
left join statuses using (person_id)
