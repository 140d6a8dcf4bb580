{{ config(materialized='table') }}
-- The periods in which an access is effective (contract#effective-access): within its own dates, while the person may log in,
-- and while its position, if it names one, does not make it ineffective.
with accesses as (
  select
    person_id, access_group, org_number, position_id,
    greatest(from_day, start_date) as from_day,
    least(to_day, end_date + 1) as to_day
  from {{ ref('stg_vfs__accesses') }}
),

own_dates as (
  select * from accesses where from_day < to_day
),

cannot_log_in as (
  {{ merge_periods('(select * from ' ~ ref('stg_vfs__persons') ~ ' where not login_enabled)', ['person_id']) }}
),

can_log_in as (
  {{ subtract_periods('own_dates', 'cannot_log_in', ['person_id'],
    ['person_id', 'access_group', 'org_number', 'position_id']) }}
),

-- VFS removes the access of an ended position by its next extract. One that is still there was left behind, and is effective.
positions as (
  select positions.position_id, positions.start_date, positions.end_date, positions.from_day,
    least(positions.to_day, extracts.extract_date) as to_day
  from {{ ref('stg_vfs__positions') }} as positions
  {{ join_first_extract_after('positions.end_date', 'vfs') }}
),

ineffective as (
  select position_id, from_day, least(to_day, start_date) as to_day from positions where start_date is not null
  union all
  select position_id, greatest(from_day, end_date + 1) as from_day, to_day from positions where end_date is not null
),

ineffective_periods as (
  {{ merge_periods('ineffective', ['position_id']) }}
)

{{ subtract_periods('can_log_in', 'ineffective_periods', ['position_id'],
  ['person_id', 'access_group', 'org_number', 'position_id']) }}
