-- The counts of each evaluation day and org unit, and of the whole kommune (`all`). Changes are summed up, so that the cost grows with
-- what changed, and not with people times days.
with run as (
  select * from {{ ref('int_evaluation_window') }}
),

left_anywhere as (
  {{ merge_periods(ref('int_left_with_access'), ['person_id', 'hrm_status']) }}
),

open_cases as (
  {{ merge_periods(ref('int_open_findings'), ['case_number', 'org_number']) }}
),

open_cases_anywhere as (
  {{ merge_periods(ref('int_open_findings'), ['case_number']) }}
),

active_positions as (
  select org_number, from_day, to_day from {{ ref('int_vfs__active_positions') }}
),

-- Who has an active position or an effective access at a unit.
at_unit as (
  select person_id, org_number, from_day, to_day from {{ ref('int_vfs__active_positions') }}
  union all
  select person_id, org_number, from_day, to_day from {{ ref('int_vfs__effective_accesses') }}
),

people_at_unit as (
  {{ merge_periods('at_unit', ['person_id', 'org_number']) }}
),

anywhere as (
  select person_id, from_day, to_day from at_unit
  union all
  select person_id, from_day, to_day from {{ ref('stg_vfs__persons') }}
),

people_anywhere as (
  {{ merge_periods('anywhere', ['person_id']) }}
),

-- org_number: '' where a case has no unit.
counted as (
  select hrm_status as measure, org_number, from_day, to_day from {{ ref('int_left_with_access') }}
  union all
  select hrm_status, 'all', from_day, to_day from left_anywhere
  union all
  select 'cases', coalesce(org_number, ''), from_day, to_day from open_cases
  union all
  select 'cases', 'all', from_day, to_day from open_cases_anywhere
  union all
  select 'positions', org_number, from_day, to_day from active_positions
  union all
  select 'positions', 'all', from_day, to_day from active_positions
  union all
  select 'people', org_number, from_day, to_day from people_at_unit
  union all
  select 'people', 'all', from_day, to_day from people_anywhere
),

within_evaluation as (
  select counted.measure, counted.org_number, greatest(counted.from_day, run.first_day) as from_day, counted.to_day
  from counted
  cross join run
  where greatest(counted.from_day, run.first_day) < counted.to_day
),

changes as (
  select
    org_number, day,
    coalesce(sum(change) filter (where measure in ('inactive', 'unknown')), 0) as people_left,
    coalesce(sum(change) filter (where measure = 'unknown'), 0) as people_unknown,
    coalesce(sum(change) filter (where measure = 'cases'), 0) as cases,
    coalesce(sum(change) filter (where measure = 'positions'), 0) as positions,
    coalesce(sum(change) filter (where measure = 'people'), 0) as people
  from (
    select measure, org_number, from_day as day, 1 as change from within_evaluation
    union all
    select measure, org_number, to_day, -1 from within_evaluation
  )
  group by org_number, day
),

levels as (
  select
    org_number, day,
    sum(people_left) over history as people_left_with_access,
    sum(people_unknown) over history as people_unknown_with_access,
    sum(cases) over history as open_cases,
    sum(positions) over history as active_positions,
    sum(people) over history as people_checked
  from changes
  window history as (partition by org_number order by day)
),

units as (
  select org_number from {{ ref('int_org_units') }}
  union
  select org_number from levels
  union
  select unnest(['all', ''])
),

days as (
  select unnest(generate_series(first_day, as_of_date, interval 1 day))::date as evaluation_date from run
),

grid as (
  select days.evaluation_date, units.org_number from days cross join units
)

select
  grid.evaluation_date,
  nullif(grid.org_number, '') as org_number,
  coalesce(levels.people_left_with_access, 0)::integer as people_left_with_access,
  coalesce(levels.people_unknown_with_access, 0)::integer as people_unknown_with_access,
  coalesce(levels.open_cases, 0)::integer as open_cases,
  coalesce(levels.active_positions, 0)::integer as active_positions,
  coalesce(levels.people_checked, 0)::integer as people_checked
from grid
asof left join levels on grid.org_number = levels.org_number and grid.evaluation_date >= levels.day
