-- hrm_status of each matched person. Where no row holds, the status is unknown.
select
  matches.person_id, matches.employee_number, matches.match_method, status.hrm_status,
  greatest(matches.from_day, status.from_day) as from_day,
  least(matches.to_day, status.to_day) as to_day
from {{ ref('int_identity__matches') }} as matches
inner join {{ ref('int_hrm__status') }} as status
  on matches.employee_number = status.employee_number
  and matches.from_day < status.to_day and status.from_day < matches.to_day
