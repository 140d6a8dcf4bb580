with access_groups as (
  select person_id, org_number, string_agg(distinct access_group, ', ' order by access_group) as access_groups
  from {{ ref('int_vfs__uncovered_accesses') }} where {{ holds_today() }} group by person_id, org_number
)

select
  findings.person_id,
  persons.employee_number,
  persons.given_name,
  persons.family_name,
  findings.org_number,
  org_units.name as org_name,
  access_groups.access_groups,
  findings.status,
  findings.first_seen_on,
  (run.as_of_date - findings.first_seen_on)::integer as days_open,
  {{ remedy_remove_access('access_groups.access_groups', "' ved ' || coalesce(org_units.name, findings.org_number)") }} as remedy,
  run.as_of_date
from {{ ref('int_findings') }} as findings
inner join {{ ref('int_persons') }} as persons using (person_id)
inner join access_groups on findings.person_id = access_groups.person_id and findings.org_number = access_groups.org_number
left join {{ ref('int_org_units') }} as org_units on findings.org_number = org_units.org_number
cross join {{ ref('stg_run') }} as run
where findings.finding_type = 'access_without_position' and findings.resolved_on is null
