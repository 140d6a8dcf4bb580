-- What somebody should act on: every finding that is open or excepted, with all that people need to see of it. The lists,
-- the report and the messages show these rows.
with findings as (
  -- What a finding is on, by kind: a join that also asks for the type would compare every finding with every row.
  select
    *,
    if(is_on_vfs_position, subject_id, null) as vfs_position_id,
    if(finding_type = 'end_date_not_propagated', subject_id, null) as outlived_vfs_position_id,
    if(finding_type = 'ended_early_in_vfs', subject_id, null) as hrm_position_id,
    if(finding_type = 'inactive_with_access', subject_id, null) as inactive_person_id,
    if(finding_type = 'access_without_position', person_id, null) as elsewhere_person_id,
    if(finding_type = 'kommuneadmin_review', subject_id, null) as kommuneadmin_person_id
  from {{ ref('int_findings') }} where resolved_on is null
),

exceptions as (
  select exceptions.finding_type, exceptions.subject_id, max(exceptions.until) as excepted_until,
    arg_max(exceptions.reason, exceptions.until) as exception_reason
  from {{ ref('stg_exceptions') }} as exceptions
  cross join {{ ref('stg_run') }} as run
  where exceptions.from_day <= run.as_of_date and run.as_of_date < exceptions.to_day
  group by all
),

-- Backed, but only for a while: by the position that ends last.
outliving as (
  select
    vfs_position_id,
    arg_max(hrm_position_id, (hrm_end_date, hrm_position_id)) as hrm_position_id,
    max(hrm_end_date) as hrm_end_date,
    max(end_date_known_on) as hrm_end_date_known_on
  from {{ ref('int_backing') }} where {{ holds_today() }}
  group by vfs_position_id
),

vfs_positions as (
  select * from {{ ref('stg_vfs__positions') }} where {{ holds_today() }}
),

hrm_names as (
  select employee_number, arg_max(given_name, from_day) as given_name, arg_max(family_name, from_day) as family_name
  from {{ ref('stg_hrm__employees') }} group by employee_number
),

kommuneadmins as (
  select
    person_id,
    string_agg(distinct access_group, ', ' order by access_group) as access_groups,
    any_value(review_reason) as review_reason
  from {{ ref('kommuneadmin_roster') }} group by person_id
),

described as (
  select
    findings.case_number,
    findings.finding_id,
    findings.finding_type,
    findings.subject_id,
    findings.status,
    findings.person_id,
    coalesce(hrm.employee_number, persons.employee_number) as employee_number,
    coalesce(persons.given_name, hrm_names.given_name) as given_name,
    coalesce(persons.family_name, hrm_names.family_name) as family_name,
    findings.org_number,
    org_units.name as org_name,
    vfs.role,
    coalesce(vfs.start_date, hrm.start_date) as start_date,
    vfs.end_date as vfs_end_date,
    persons.can_log_in,
    coalesce(persons.hrm_status, if(hrm.position_id is null, null, 'active')) as hrm_status,
    mismatches.cause,
    coalesce(mismatches.hrm_position_id, outliving.hrm_position_id, hrm.position_id) as hrm_position_id,
    coalesce(mismatches.hrm_end_date, outliving.hrm_end_date, hrm.hrm_end_date) as hrm_end_date,
    coalesce(mismatches.hrm_end_date_known_on, outliving.hrm_end_date_known_on, hrm.hrm_end_date_known_on) as hrm_end_date_known_on,
    mismatches.last_held_on,
    coalesce(mismatches.suggested_end_date, outliving.hrm_end_date) as suggested_end_date,
    coalesce(inactive.access_groups, elsewhere.access_groups, kommuneadmins.access_groups) as access_groups,
    kommuneadmins.review_reason,
    findings.first_seen_on,
    findings.problem_since,
    findings.is_age_lower_bound,
    (run.as_of_date - findings.first_seen_on)::integer as days_open,
    (run.as_of_date - findings.problem_since)::integer as age_days,
    exceptions.excepted_until,
    exceptions.exception_reason,
    coalesce(mismatches.remedy, inactive.remedy, elsewhere.remedy) as remedy_on_its_list,
    run.as_of_date
  from findings
  left join {{ ref('int_persons') }} as persons using (person_id)
  left join vfs_positions as vfs on findings.vfs_position_id = vfs.position_id
  left join {{ ref('int_hrm__end_dates') }} as hrm on findings.hrm_position_id = hrm.position_id
  left join hrm_names on hrm.employee_number = hrm_names.employee_number
  left join {{ ref('int_org_units') }} as org_units on findings.org_number = org_units.org_number
  left join {{ ref('status_mismatches') }} as mismatches
    on findings.finding_type = mismatches.finding_type and findings.subject_id = mismatches.vfs_position_id
  left join outliving on findings.outlived_vfs_position_id = outliving.vfs_position_id
  left join {{ ref('inactive_with_access') }} as inactive on findings.inactive_person_id = inactive.person_id
  left join {{ ref('access_without_position') }} as elsewhere
    on findings.elsewhere_person_id = elsewhere.person_id and findings.org_number = elsewhere.org_number
  left join kommuneadmins on findings.kommuneadmin_person_id = kommuneadmins.person_id
  left join exceptions
    on findings.finding_type = exceptions.finding_type and findings.subject_id = exceptions.subject_id
  cross join {{ ref('stg_run') }} as run
)

select
  * exclude (remedy_on_its_list, as_of_date),
  coalesce(case finding_type
    when 'end_date_not_propagated' then
      {{ remedy_set_end_date('suggested_end_date', "coalesce(org_name, org_number)") }}
    when 'ended_early_in_vfs' then
      {{ remedy_reopen_position('hrm_end_date', "coalesce(org_name, org_number)") }}
    when 'kommuneadmin_review' then
      {{ remedy_review_kommuneadmin("coalesce(access_groups, 'kommuneadmin')") }}
    when 'disputed_identity' then
      {{ remedy_settle_identity() }}
    else remedy_on_its_list
  end, {{ remedy_not_assessable() }}) as remedy,
  as_of_date
from described
