{{ config(materialized='table') }}
-- Whether each known end of an HRM position arrived at its counterpart in VFS, when, and if not, why
-- (contract#end-date-propagation).
with extracts as (
  select extract_date, sequence_number, max(sequence_number) over () as current_number, max(extract_date) over () as current_date_
  from {{ ref('stg_extracts') }} where system = 'vfs'
),

pairs as (
  select * from {{ ref('int_counterparts') }} where hrm_end_date is not null or is_vanished
),

-- The first VFS extract that could have had the end.
expected as (
  select pairs.*, extracts.sequence_number as expected_from_number
  from (select *, greatest(hrm_end_date_known_on, first_seen_on) as expected_on from pairs) as pairs
  asof left join extracts on pairs.expected_on <= extracts.extract_date
),

-- Runs of VFS extracts, by number, in which the end had not arrived.
not_arrived as (
  select
    segments.hrm_position_id, segments.vfs_position_id, segments.end_date,
    first_extract.sequence_number as first_number,
    last_extract.sequence_number as last_number
  from (
    select
      pairs.hrm_position_id, pairs.vfs_position_id, versions.end_date, versions.from_day,
      least(versions.to_day, versions.end_date + 1) as to_day
    from pairs
    inner join {{ ref('stg_vfs__positions') }} as versions on pairs.vfs_position_id = versions.position_id
    where coalesce(versions.end_date > pairs.hrm_end_date, true)
  ) as segments
  inner join extracts as first_extract on segments.from_day = first_extract.extract_date
  asof inner join extracts as last_extract on segments.to_day > last_extract.extract_date
  where segments.from_day < segments.to_day
),

arrivals as (
  select
    expected.hrm_position_id, expected.vfs_position_id, expected.expected_from_number,
    max(not_arrived.last_number) as last_not_arrived,
    arg_max_null(not_arrived.end_date, not_arrived.last_number) as end_date_before_arrival,
    sum(greatest(0, 1
      + least(not_arrived.last_number, newest.current_number - 1)
      - greatest(not_arrived.first_number, expected.expected_from_number))) as times_not_arrived
  from expected
  cross join (select any_value(current_number) as current_number from extracts) as newest
  left join not_arrived using (hrm_position_id, vfs_position_id)
  group by all
),

backed_by_another as (
  select pairs.hrm_position_id, pairs.vfs_position_id
  from pairs
  semi join {{ ref('int_backing') }} as backing
    on pairs.vfs_position_id = backing.vfs_position_id and pairs.hrm_position_id <> backing.hrm_position_id
    and {{ holds_today('backing') }}
),

-- The job went on in another segment, which VFS carries in the same position.
continued as (
  select distinct pairs.hrm_position_id, pairs.vfs_position_id
  from pairs
  inner join {{ ref('int_hrm__continuations') }} as continuations on pairs.hrm_position_id = continuations.position_id
  inner join {{ ref('int_counterparts') }} as others
    on continuations.continued_by = others.hrm_position_id and pairs.vfs_position_id = others.vfs_position_id
),

with_status as (
  select
    pairs.*,
    newest.current_date_,
    newest.current_number,
    arrivals.expected_from_number,
    arrivals.times_not_arrived,
    -- The current extract, or the last in which it had not arrived and the next.
    if(pairs.has_arrived, arrivals.last_not_arrived + 1, newest.current_number) as until_number,
    if(pairs.has_arrived, arrivals.end_date_before_arrival, pairs.vfs_end_date) as other_end_date,
    coalesce(first_arrived.extract_date, pairs.first_seen_on) as arrived_since,
    transfer.was_sent,
    case
      when pairs.has_arrived then 'propagated'
      when another.vfs_position_id is not null or continued.vfs_position_id is not null then 'superseded'
      when newest.current_date_ - pairs.hrm_end_date_known_on > run.grace_days then 'failed'
      when pairs.is_backdated or pairs.is_vanished then 'at_risk'
      else 'pending'
    end as status
  from pairs
  inner join arrivals using (hrm_position_id, vfs_position_id)
  left join extracts as first_arrived on arrivals.last_not_arrived + 1 = first_arrived.sequence_number
  left join backed_by_another as another
    on pairs.hrm_position_id = another.hrm_position_id and pairs.vfs_position_id = another.vfs_position_id
  left join {{ ref('int_transfer__end_dates') }} as transfer on pairs.hrm_position_id = transfer.position_id
  left join continued
    on pairs.hrm_position_id = continued.hrm_position_id and pairs.vfs_position_id = continued.vfs_position_id
  cross join {{ ref('stg_run') }} as run
  cross join (
    select any_value(current_number) as current_number, any_value(current_date_) as current_date_ from extracts
  ) as newest
)

select
  hrm_position_id, vfs_position_id, person_id, employee_number, hrm_org_number, vfs_org_number,
  hrm_end_date, hrm_end_date_known_on, last_held_on, is_backdated, is_vanished, vfs_end_date, status,
  case when status = 'propagated' then greatest(arrived_since, hrm_end_date_known_on) end as propagated_on,
  propagated_on - hrm_end_date_known_on as lag_days,
  if(status in ('propagated', 'superseded'), null, delayed_by) as cause,
  delayed_by
from (
  select
    *,
    -- Why it did not arrive, or had not until it did.
    case
      when until_number is null then null
      when registered_by = 'manual' then 'manual_position'
      when until_number - expected_from_number > coalesce(times_not_arrived, 0) then 'overridden'
      when was_sent then 'sent_not_applied'
      when not was_sent then 'not_sent'
      when is_backdated then 'backdated'
      when is_vanished then 'vanished'
      when other_end_date is not null then 'date_differs'
      when hrm_end_date_known_on = (select min(extract_date) from {{ ref('stg_extracts') }} where system = 'hrm')
        then 'before_first_extract'
      else 'not_transferred'
    end as delayed_by
  from with_status
)
