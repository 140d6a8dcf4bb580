-- The periods in which an access is effective (contract#effective-access): within its own dates, while the person may log in,
-- and while its position, if it names one, does not hold it back.
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

-- A position that has ended lets an access be only until VFS's next extract: one that is still there was left behind.
positions as (
  select positions.position_id, positions.start_date, positions.end_date, positions.from_day,
    least(positions.to_day, extracts.extract_date) as to_day
  from {{ ref('stg_vfs__positions') }} as positions
  {{ join_first_extract_after('positions.end_date', 'vfs') }}
),

held_back as (
  select position_id, from_day, least(to_day, start_date) as to_day from positions where start_date is not null
  union all
  select position_id, greatest(from_day, end_date + 1) as from_day, to_day from positions where end_date is not null
),

held_back_periods as (
  {{ merge_periods('held_back', ['position_id']) }}
)

{{ subtract_periods('can_log_in', 'held_back_periods', ['position_id'],
  ['person_id', 'access_group', 'org_number', 'position_id']) }}
