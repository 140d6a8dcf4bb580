{{ config(materialized='table') }}
-- Where somebody could get in, and when: an active position or an effective access at an org unit, while the person may log in.
with cannot_log_in as (
  {{ merge_periods('(select * from ' ~ ref('stg_vfs__persons') ~ ' where not login_enabled)', ['person_id']) }}
),

positions as (
  {{ subtract_periods(ref('int_vfs__active_positions'), 'cannot_log_in', ['person_id'], ['person_id', 'org_number', 'position_id']) }}
)

select person_id, org_number, position_id, null as access_group, from_day, to_day from positions
union all
select person_id, org_number, null, access_group, from_day, to_day from {{ ref('int_vfs__effective_accesses') }}
