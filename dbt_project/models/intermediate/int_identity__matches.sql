-- The employee a person of VFS's current state matches. A person missing from the state matches nobody.
select
  matches.person_id, matches.employee_number, matches.match_method,
  greatest(matches.from_day, persons.from_day) as from_day,
  least(matches.to_day, persons.to_day) as to_day
from {{ ref('int_identity__matches_as_last_seen') }} as matches
inner join {{ ref('stg_vfs__persons') }} as persons
  on matches.person_id = persons.person_id
  and matches.from_day < persons.to_day and persons.from_day < matches.to_day
