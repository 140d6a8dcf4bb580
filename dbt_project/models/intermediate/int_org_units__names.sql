{{ config(materialized='table') }}
-- The name of each org unit that a system ever named: the one that holds now, else the last known, VFS's before HRM's. What is at a
-- closed school is still read by its name.
with named as (
  select org_number, name, 1 as preference, null as from_day from {{ ref('int_org_units') }}
  union all
  select org_number, name, 2, from_day from {{ ref('stg_vfs__org_units') }}
  union all
  select org_number, name, 3, from_day from {{ ref('stg_hrm__org_units') }}
)

select org_number, first(name order by preference, from_day desc) as name
from named where name is not null
group by org_number
