{{ config(materialized='table') }}
-- The end of each position that HRM has ever held, and since when it was known, on the as-of date
-- (contract#end-date-of-a-position).
with versions as (
  select
    versions.*,
    previous.extract_date as last_extract_before_end,
    lead(versions.from_day) over history is null as is_last,
    {{ holds_today('versions') }} as is_in_state
  from {{ ref('int_hrm__position_versions') }} as versions
  asof left join (select extract_date from {{ ref('stg_extracts') }} where system = 'hrm') as previous
    on versions.to_day > previous.extract_date
  window history as (partition by versions.position_id order by versions.from_day)
),

-- The last extract that held the position without the end date it has now.
with_another_end as (
  select earlier.position_id, max(earlier.last_extract_before_end) as last_held_on
  from versions as earlier
  inner join versions as latest
    on earlier.position_id = latest.position_id and latest.is_last and earlier.end_date_run < latest.end_date_run
  group by earlier.position_id
),

last_seen as (
  select
    *,
    not is_in_state and (end_date is null or end_date > to_day) as is_vanished
  from versions
  where is_last
)

select
  last_seen.position_id,
  last_seen.employee_id,
  last_seen.employee_number,
  last_seen.org_number,
  last_seen.start_date,
  last_seen.is_in_state,
  last_seen.is_vanished,
  last_seen.end_date as last_seen_end_date,
  case when not last_seen.is_vanished then last_seen.end_date end as hrm_end_date,
  case
    when last_seen.is_vanished then last_seen.to_day
    when last_seen.end_date is not null then last_seen.end_date_known_on
  end as hrm_end_date_known_on,
  case when last_seen.is_vanished then last_seen.last_extract_before_end end as last_held_on,
  not last_seen.is_vanished and coalesce(last_seen.end_date < with_another_end.last_held_on, false) as is_backdated
from last_seen
left join with_another_end using (position_id)
