-- When VFS's accesses hold none of the kommuneadmin groups that are set, and whether that means that the group is spelled otherwise or was
-- renamed (contract#renamed-group), so that nobody can be reviewed; else the accesses were removed.
with accesses as (
  select
    accesses.access_group, lower(accesses.access_group) as group_key, accesses.org_number, accesses.from_day, accesses.to_day,
    list_contains(run.kommuneadmin_groups, lower(accesses.access_group)) as is_set
  from {{ ref('stg_vfs__accesses') }} as accesses
  cross join {{ ref('stg_run') }} as run
),

spans as (
  select distinct is_set, 'vfs' as system, from_day, to_day from accesses
),

delivered as (
  {{ merge_periods('spans', ['system']) }}
),

held as (
  {{ merge_periods('(select * from spans where is_set)', ['system']) }}
),

without as (
  {{ subtract_periods('delivered', 'held', ['system'], ['system']) }}
),

-- Each such period with the end of the last one before it in which a set group stood: the first extract that had none any more.
since as (
  select without.from_day, without.to_day, held.to_day as lost_on
  from without
  asof left join held on without.from_day >= held.to_day
),

lost as (
  select distinct lost_on from since where lost_on is not null
),

kommune_units as (
  select lost.lost_on, units.org_number
  from lost
  inner join {{ ref('stg_vfs__org_units') }} as units on units.from_day <= lost.lost_on and lost.lost_on < units.to_day
  where units.type = 'kommune'
  union
  select lost.lost_on, units.org_number
  from lost
  inner join {{ ref('stg_hrm__org_units') }} as units on units.from_day <= lost.lost_on and lost.lost_on < units.to_day
  anti join {{ ref('stg_vfs__org_units') }} as in_vfs
    on units.org_number = in_vfs.org_number and in_vfs.from_day <= lost.lost_on and lost.lost_on < in_vfs.to_day
  where units.type = 'kommune'
),

units_of_set_groups as (
  select distinct lost.lost_on, accesses.org_number
  from lost
  inner join accesses on accesses.is_set and accesses.from_day < lost.lost_on
),

-- A group that had stood there earlier, and was gone when the set group stood last, is a doubt again.
stands as (
  {{ merge_periods('(select * from accesses where not is_set)', ['group_key', 'org_number']) }}
),

renamed as (
  select lost.lost_on, list_sort(list(distinct accesses.access_group)) as candidate_groups
  from lost
  inner join stands on lost.lost_on = stands.from_day
  inner join accesses
    on stands.group_key = accesses.group_key and stands.org_number = accesses.org_number and lost.lost_on = accesses.from_day
  where (lost.lost_on, stands.org_number) in (select lost_on, org_number from kommune_units)
    or (lost.lost_on, stands.org_number) in (select lost_on, org_number from units_of_set_groups)
  group by lost.lost_on
),

groups_of_the_kommune as (
  select list_sort(list(distinct accesses.access_group)) as candidate_groups
  from accesses
  semi join (select org_number from {{ ref('int_org_units') }} where type = 'kommune') as units using (org_number)
  where {{ holds_today('accesses') }}
)

select
  since.from_day,
  since.to_day,
  since.lost_on is null or renamed.lost_on is not null as is_not_assessable,
  coalesce(if(since.lost_on is null, groups_of_the_kommune.candidate_groups, renamed.candidate_groups), []) as candidate_groups
from since
left join renamed using (lost_on)
cross join groups_of_the_kommune
