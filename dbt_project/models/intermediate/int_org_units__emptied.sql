-- Org units that an extract of the last seven days emptied, and that are empty still (contract#emptied-org-unit): the system's
-- extract before held enough active positions there, counted on its date, and that extract and the current one hold none on
-- theirs.
with extracts as (
  select
    system, extract_date,
    lag(extract_date) over (partition by system order by extract_date) as previous_date,
    max(extract_date) over (partition by system) as current_extract_date
  from {{ ref('stg_extracts') }}
),

positions as (
  select 'hrm' as system, position_id, org_number, from_day, to_day from {{ ref('int_hrm__active_positions') }}
  union all
  select 'vfs', position_id, org_number, from_day, to_day from {{ ref('int_vfs__active_positions') }}
),

held_before as (
  select
    extracts.system, positions.org_number, extracts.extract_date as emptied_on, extracts.current_extract_date,
    count(distinct positions.position_id)::integer as active_positions_before
  from extracts
  cross join {{ ref('stg_run') }} as run
  inner join positions
    on extracts.system = positions.system
    and positions.from_day <= extracts.previous_date and extracts.previous_date < positions.to_day
  where extracts.extract_date > run.as_of_date - 7
  group by all
  having active_positions_before >= any_value(run.emptied_unit_positions)
)

select
  held_before.system, held_before.org_number, {{ org_name('held_before.org_number', 'names') }} as org_name,
  held_before.active_positions_before, held_before.emptied_on
from held_before
left join {{ ref('int_org_units__names') }} as names on held_before.org_number = names.org_number
where not exists (
  select 1 from positions
  where positions.system = held_before.system and positions.org_number = held_before.org_number
    and (
      (positions.from_day <= held_before.emptied_on and held_before.emptied_on < positions.to_day)
      or (positions.from_day <= held_before.current_extract_date and held_before.current_extract_date < positions.to_day)
    )
)
