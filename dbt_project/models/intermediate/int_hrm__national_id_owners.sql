-- The one employee that a national id points at. If several have it: the one seen latest, then one with an active position,
-- then the one with the lowest number; of one number's bearers the latest.
with national_ids as (
  select * from {{ ref('int_hrm__national_ids') }}
),

shared_ids as (
  select national_id_hash from national_ids
  group by national_id_hash having count(distinct employee_id) > 1
),

sharers as (
  select distinct national_id_hash, employee_id
  from national_ids
  semi join shared_ids using (national_id_hash)
),

changes as (
  select national_id_hash, unnest([from_day, to_day]) as day
  from national_ids
  semi join shared_ids using (national_id_hash)
  union
  select sharers.national_id_hash, unnest([presence.from_day, presence.to_day])
  from sharers inner join {{ ref('int_hrm__presence') }} as presence using (employee_id)
  union
  select sharers.national_id_hash, unnest([active.from_day, active.to_day])
  from sharers inner join {{ ref('int_hrm__active_positions') }} as active using (employee_id)
),

segments as (
  select
    national_id_hash,
    day as from_day,
    lead(day) over (partition by national_id_hash order by day) as to_day
  from changes
),

owners as (
  select
    segments.national_id_hash, national_ids.employee_id, national_ids.employee_number, segments.from_day, segments.to_day
  from segments
  inner join national_ids
    on segments.national_id_hash = national_ids.national_id_hash
    and segments.from_day >= national_ids.from_day and segments.from_day < national_ids.to_day
  left join {{ ref('int_hrm__presence') }} as presence
    on national_ids.employee_id = presence.employee_id and presence.from_day <= segments.from_day
  left join {{ ref('int_hrm__active_positions') }} as active
    on national_ids.employee_id = active.employee_id
    and segments.from_day >= active.from_day and segments.from_day < active.to_day
  where segments.to_day is not null
  group by
    segments.national_id_hash, national_ids.employee_id, national_ids.employee_number, segments.from_day, segments.to_day
  -- An employee whom HRM holds on the segment's first day was seen latest; of those gone, the one whose presence ended last.
  qualify row_number() over (
    partition by segments.national_id_hash, segments.from_day
    order by
      least(max(presence.to_day), segments.from_day + 1) desc,
      count(active.position_id) > 0 desc,
      national_ids.employee_number,
      any_value(national_ids.bearer_number) desc
  ) = 1
),

single as (
  select national_id_hash, employee_id, employee_number, from_day, to_day
  from national_ids
  anti join shared_ids using (national_id_hash)
)

select national_id_hash, employee_id, employee_number, from_day, to_day from single
union all
{{ merge_periods('owners', ['national_id_hash', 'employee_id', 'employee_number']) }}
