-- hrm_status of each known employee: active, not_started, or inactive.
with active_positions as (
  {{ merge_periods(ref('int_hrm__active_positions'), ['employee_number']) }}
),

future_positions as (
  select employee_number, from_day, least(to_day, start_date) as to_day
  from {{ ref('stg_hrm__positions') }}
  where start_date > from_day
),

future as (
  {{ merge_periods('future_positions', ['employee_number']) }}
),

not_started as (
  {{ subtract_periods('future', 'active_positions', ['employee_number'], ['employee_number']) }}
),

employed as (
  select employee_number, from_day, to_day from active_positions
  union all
  select employee_number, from_day, to_day from not_started
),

employed_periods as (
  {{ merge_periods('employed', ['employee_number']) }}
),

inactive as (
  {{ subtract_periods(ref('int_hrm__known_employees'), 'employed_periods', ['employee_number'], ['employee_number']) }}
)

select employee_number, 'active' as hrm_status, from_day, to_day from active_positions
union all
select employee_number, 'not_started' as hrm_status, from_day, to_day from not_started
union all
select employee_number, 'inactive' as hrm_status, from_day, to_day from inactive
