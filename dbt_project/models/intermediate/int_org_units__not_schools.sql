-- The periods in which an org unit is not a school. VFS's row goes before HRM's. A unit that neither system knows, or that
-- has no type, counts as a school.
with in_vfs as (
  {{ merge_periods(ref('stg_vfs__org_units'), ['org_number']) }}
),

not_schools_in_hrm as (
  select org_number, from_day, to_day from {{ ref('stg_hrm__org_units') }} where type <> 'school'
),

not_schools as (
  select org_number, from_day, to_day from {{ ref('stg_vfs__org_units') }} where type <> 'school'
  union all
  select * from ({{ subtract_periods('not_schools_in_hrm', 'in_vfs', ['org_number'], ['org_number']) }})
)

{{ merge_periods('not_schools', ['org_number']) }}
