{{ config(materialized='table') }}
-- hrm_status of each known employee: active, not_started, or inactive.
with active_positions as (
  {{ merge_periods(ref('int_hrm__active_positions'), ['employee_id']) }}
),

future_positions as (
  select employee_id, from_day, least(to_day, start_date) as to_day
  from {{ ref('int_hrm__positions') }}
  where start_date > from_day and coalesce(end_date >= start_date, true)
),

future as (
  {{ merge_periods('future_positions', ['employee_id']) }}
),

not_started as (
  {{ subtract_periods('future', 'active_positions', ['employee_id'], ['employee_id']) }}
),

employed as (
  select employee_id, from_day, to_day from active_positions
  union all
  select employee_id, from_day, to_day from not_started
),

employed_periods as (
  {{ merge_periods('employed', ['employee_id']) }}
),

inactive as (
  {{ subtract_periods(ref('int_hrm__known_employees'), 'employed_periods', ['employee_id'], ['employee_id']) }}
)

select employee_id, 'active' as hrm_status, from_day, to_day from active_positions
union all
select employee_id, 'not_started' as hrm_status, from_day, to_day from not_started
union all
select employee_id, 'inactive' as hrm_status, from_day, to_day from inactive
