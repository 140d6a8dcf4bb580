-- The employee that a person matches, while VFS holds the person. A person whom VFS does not hold matches nobody.
select
  matches.person_id, matches.employee_number, matches.match_method,
  {{ intersection(['matches', 'persons']) }}
from {{ ref('int_identity__matches_as_last_seen') }} as matches
inner join {{ ref('stg_vfs__persons') }} as persons
  on matches.person_id = persons.person_id
  and {{ overlap('matches', 'persons') }}
