{{ config(materialized='table') }}
-- Who bears an employee number, and when (contract#bearer), for the numbers that changed hands. Every other number has one bearer.
with recursive seen as (
  select employee_number, national_id_hash, from_day
  from {{ ref('stg_hrm__employees') }}
  where national_id_hash is not null
),

-- The extracts on which the last national id seen became another one, and the first that showed one.
ids as (
  select *, row_number() over (partition by employee_number order by from_day) as id_number
  from (
    select * from seen
    qualify national_id_hash is distinct from lag(national_id_hash) over (partition by employee_number order by from_day)
  )
  qualify count(*) over (partition by employee_number) > 1
),

positions as (
  select position_id, employee_number, end_date, from_day, to_day
  from {{ ref('stg_hrm__positions') }}
  semi join ids using (employee_number)
),

-- A position that is not ended on that day, and that the extract before held under the number: the same person, whose id was
-- corrected.
going_on as (
  select distinct changes.employee_number, changes.id_number
  from (
    select ids.employee_number, ids.id_number, ids.from_day, extracts.extract_date as previous_date
    from ids
    asof inner join (select extract_date from {{ ref('stg_extracts') }} where system = 'hrm') as extracts
      on ids.from_day > extracts.extract_date
  ) as changes
  inner join positions as now
    on changes.employee_number = now.employee_number
    and now.from_day <= changes.from_day and changes.from_day < now.to_day
    and coalesce(now.end_date >= changes.from_day, true)
  inner join positions as before
    on now.position_id = before.position_id and now.employee_number = before.employee_number
    and before.from_day <= changes.previous_date and changes.previous_date < before.to_day
),

changes as (
  select ids.*, going_on.employee_number is not null as is_corrected
  from ids
  left join going_on using (employee_number, id_number)
),

-- Step by step: the ids that each bearer ever had, and who bears the number.
bearing as (
  select employee_number, id_number, from_day, [[national_id_hash]] as ids_of_bearers, 1::bigint as bearer_number
  from changes where id_number = 1
  union all
  select
    employee_number, id_number, from_day,
    case
      when bearer_number > len(ids_of_bearers) then list_append(ids_of_bearers, [national_id_hash])
      else ids_of_bearers[1:bearer_number - 1] || [list_append(ids_of_bearers[bearer_number], national_id_hash)]
        || ids_of_bearers[bearer_number + 1:]
    end,
    bearer_number
  from (
    select
      next.employee_number, next.id_number, next.from_day, next.national_id_hash, bearing.ids_of_bearers,
      case
        when next.is_corrected or list_contains(bearing.ids_of_bearers[bearing.bearer_number], next.national_id_hash)
          then bearing.bearer_number
        else coalesce(
          list_max(list_filter(
            range(1, len(bearing.ids_of_bearers) + 1),
            lambda n: list_contains(bearing.ids_of_bearers[n], next.national_id_hash))),
          len(bearing.ids_of_bearers) + 1)
      end as bearer_number
    from bearing
    inner join changes as next
      on bearing.employee_number = next.employee_number and bearing.id_number + 1 = next.id_number
  )
),

periods as (
  select
    bearing.employee_number, bearing.bearer_number,
    if(bearing.id_number = 1, date '0001-01-01', bearing.from_day) as from_day,
    lead(bearing.from_day, 1, run.as_of_date + 1) over (
      partition by bearing.employee_number order by bearing.id_number
    ) as to_day
  from bearing
  cross join {{ ref('stg_run') }} as run
  qualify max(bearing.bearer_number) over (partition by bearing.employee_number) > 1
),

merged as (
  {{ merge_periods('periods', ['employee_number', 'bearer_number']) }}
)

select
  employee_number,
  bearer_number,
  -- No value holds the character that divides the two: validation takes it for white space.
  if(bearer_number = 1, employee_number, employee_number || chr(31) || bearer_number) as employee_id,
  from_day,
  to_day
from merged
