{{ config(materialized='table') }}
-- hrm_status of each matched person. A person without a row on a day is unknown.
select
  matches.person_id, matches.employee_id, matches.employee_number, matches.match_method, status.hrm_status,
  {{ intersection(['matches', 'status']) }}
from {{ ref('int_identity__matches') }} as matches
inner join {{ ref('int_hrm__status') }} as status
  on matches.employee_id = status.employee_id
  and {{ overlap('matches', 'status') }}
