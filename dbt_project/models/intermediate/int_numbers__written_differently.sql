-- Numbers that would have a counterpart if leading zeros, white space and capitals were dropped (contract#matched-share):
-- between the systems, and between the tables of one. Of today's state; HRM knows every employee it ever held.
with employees_known as (
  select distinct employee_number as number from {{ ref('stg_hrm__employees') }}
  union
  select distinct employee_number from {{ ref('stg_hrm__positions') }}
),

employees as (
  select distinct employee_number as number from {{ ref('stg_hrm__employees') }} where {{ holds_today() }}
),

persons as (
  select distinct person_id as number from {{ ref('stg_vfs__persons') }} where {{ holds_today() }}
),

org_units_in_vfs as (
  select org_number as number from {{ ref('stg_vfs__org_units') }} where {{ holds_today() }}
  union
  select org_number from {{ ref('stg_vfs__positions') }} where {{ holds_today() }}
),

org_units_in_hrm as (
  select org_number as number from {{ ref('stg_hrm__org_units') }} where {{ holds_today() }}
  union
  select org_number from {{ ref('stg_hrm__positions') }} where {{ holds_today() }}
),

referring as (
  select 'vfs_persons_to_hrm_employees' as comparison, employee_number as number
  from {{ ref('stg_vfs__persons') }} where {{ holds_today() }}
  union
  select 'hrm_positions_to_hrm_employees', employee_number from {{ ref('stg_hrm__positions') }} where {{ holds_today() }}
  union
  select 'vfs_positions_to_vfs_persons', person_id from {{ ref('stg_vfs__positions') }} where {{ holds_today() }}
  union
  select 'vfs_accesses_to_vfs_persons', person_id from {{ ref('stg_vfs__accesses') }} where {{ holds_today() }}
  union
  select 'hrm_org_units_to_vfs_org_units', number from org_units_in_hrm
),

known as (
  select 'vfs_persons_to_hrm_employees' as comparison, number from employees_known
  union all
  select 'hrm_positions_to_hrm_employees', number from employees
  union all
  select 'vfs_positions_to_vfs_persons', number from persons
  union all
  select 'vfs_accesses_to_vfs_persons', number from persons
  union all
  select 'hrm_org_units_to_vfs_org_units', number from org_units_in_vfs
),

without_counterpart as (
  select comparison, number, {{ bare_number('number') }} as bare from referring anti join known using (comparison, number)
)

select without_counterpart.comparison, without_counterpart.number, min(known.number) as counterpart
from without_counterpart
inner join known
  on without_counterpart.comparison = known.comparison and without_counterpart.bare = {{ bare_number('known.number') }}
where without_counterpart.bare <> ''
group by all
