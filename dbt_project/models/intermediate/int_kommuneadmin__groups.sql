-- The periods in which accesses are delivered, and whether a set kommuneadmin group is among their groups.
select null::date as from_day, null::date as to_day, null::boolean as is_not_assessable, null::varchar[] as candidate_groups
limit 0
