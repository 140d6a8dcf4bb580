-- Such a position is never active, so no list shows the person. It is usually a typing error.
-- depends_on: {{ ref('employee_status') }} (of which it is a check in Dagster)
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'employee_status'}}}) }}
select 'hrm' as system, position_id, start_date, end_date from {{ ref('stg_hrm__positions') }}
where end_date < start_date and {{ holds_today() }}
union all
select 'vfs' as system, position_id, start_date, end_date from {{ ref('stg_vfs__positions') }}
where end_date < start_date and {{ holds_today() }}
