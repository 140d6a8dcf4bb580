with access_groups as (
  select person_id, string_agg(distinct access_group, ', ' order by access_group) as access_groups
  from {{ ref('int_vfs__uncovered_accesses') }} where {{ holds_today() }} group by person_id
),

last_positions as (
  select person_id, max(end_date) as last_position_end_date
  from (
    select person_id, end_date from {{ ref('stg_vfs__positions') }}
    qualify row_number() over (partition by position_id order by from_day desc) = 1
  )
  group by person_id
)

select
  findings.person_id,
  persons.employee_number,
  persons.given_name,
  persons.family_name,
  access_groups.access_groups,
  persons.hrm_status,
  last_positions.last_position_end_date,
  findings.status,
  findings.first_seen_on,
  (run.as_of_date - findings.first_seen_on)::integer as days_open,
  {{ remedy_remove_access('access_groups.access_groups', "''") }} as remedy,
  run.as_of_date
from {{ ref('int_findings') }} as findings
inner join {{ ref('int_persons') }} as persons using (person_id)
inner join access_groups using (person_id)
left join last_positions using (person_id)
cross join {{ ref('stg_run') }} as run
where findings.finding_type = 'inactive_with_access' and findings.resolved_on is null
