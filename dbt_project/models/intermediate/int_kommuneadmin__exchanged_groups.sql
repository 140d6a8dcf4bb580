-- Persons whose last access in a kommuneadmin group went with VFS's current extract, with the group that they have at the same unit
-- since: the group may have been renamed for some of those who have it.
with newest as (
  select max(extract_date) as extract_date from {{ ref('stg_extracts') }} where system = 'vfs'
),

accesses as (
  select
    accesses.person_id, accesses.access_group, accesses.org_number, accesses.from_day, accesses.to_day, newest.extract_date,
    list_contains(run.kommuneadmin_groups, lower(accesses.access_group)) as is_set
  from {{ ref('stg_vfs__accesses') }} as accesses
  cross join {{ ref('stg_run') }} as run
  cross join newest
)

select distinct gone.person_id, come.access_group
from accesses as gone
inner join accesses as come on gone.person_id = come.person_id and gone.org_number = come.org_number
anti join (select person_id from accesses where is_set and to_day > extract_date) as still on gone.person_id = still.person_id
where gone.is_set and gone.to_day = gone.extract_date
  and not come.is_set and come.from_day = come.extract_date and come.to_day > come.extract_date
