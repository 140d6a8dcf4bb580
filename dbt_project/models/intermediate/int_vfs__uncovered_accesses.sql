{{ config(materialized='table') }}
-- Effective accesses outside the kommuneadmin groups, while the person has no active position at that org unit.
with accesses as (
  select accesses.*
  from {{ ref('int_vfs__effective_accesses') }} as accesses
  cross join {{ ref('stg_run') }} as run
  where not list_contains(run.kommuneadmin_groups, lower(accesses.access_group))
),

positions as (
  {{ merge_periods(ref('int_vfs__active_positions'), ['person_id', 'org_number']) }}
)

{{ subtract_periods('accesses', 'positions', ['person_id', 'org_number'],
  ['person_id', 'access_group', 'org_number', 'position_id']) }}
