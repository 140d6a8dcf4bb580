{{ config(materialized='table') }}
-- The org units that a system holds now. VFS's row goes before HRM's, and a unit without a type counts as a school.
with known as (
  select *, 1 as preference from {{ ref('stg_vfs__org_units') }} where {{ holds_today() }}
  union all
  select *, 2 as preference from {{ ref('stg_hrm__org_units') }} where {{ holds_today() }}
)

select org_number, name, coalesce(type, 'school') as type, parent_org_number
from known
qualify row_number() over (partition by org_number order by preference) = 1
