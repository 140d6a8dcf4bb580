{{ config(materialized='table') }}
-- Every finding that is open or excepted, with all that the lists, the report and the messages show. The list marts and the
-- mart `cases` select from here.
with findings as (
  -- The subject in one column for each kind. A join with a condition on the type would compare every finding with every row.
  select
    findings.*,
    types.list_mart,
    types.meaning_nb,
    if(findings.is_on_vfs_position, findings.subject_id, null) as vfs_position_id,
    if(types.list_mart = 'status_mismatches', findings.subject_id, null) as unbacked_vfs_position_id,
    if(findings.finding_type = 'end_date_not_propagated', findings.subject_id, null) as outliving_vfs_position_id,
    if(types.subject = 'hrm_position', findings.subject_id, null) as own_hrm_position_id,
    if(types.list_mart = 'inactive_with_access', findings.person_id, null) as inactive_person_id,
    if(types.list_mart = 'access_without_position', findings.person_id, null) as elsewhere_person_id,
    if(types.list_mart = 'kommuneadmin_roster', findings.person_id, null) as kommuneadmin_person_id
  from {{ ref('int_findings') }} as findings
  inner join {{ ref('finding_types') }} as types using (finding_type)
  where findings.resolved_on is null
),

exceptions as (
  select exceptions.finding_type, exceptions.subject_id, max(exceptions.until) as excepted_until,
    arg_max(exceptions.reason, exceptions.until) as exception_reason,
    arg_max(exceptions.approved_by, exceptions.until) as excepted_by
  from {{ ref('stg_exceptions') }} as exceptions
  cross join {{ ref('stg_run') }} as run
  where exceptions.from_day <= run.as_of_date and run.as_of_date < exceptions.to_day
  group by all
),

vfs_positions as (
  select *, count(*) over (partition by person_id, org_number) as positions_there
  from {{ ref('stg_vfs__positions') }} where {{ holds_today() }}
),

last_positions as (
  select person_id, max(end_date) as last_position_end_date
  from (
    select person_id, end_date from {{ ref('stg_vfs__positions') }}
    qualify row_number() over (partition by position_id order by from_day desc) = 1
  )
  group by person_id
),

-- For positions that are backed only until an end date: the backing position that ends last.
outliving as (
  select
    vfs_position_id,
    arg_max(hrm_position_id, (hrm_end_date, hrm_position_id)) as hrm_position_id,
    max(hrm_end_date) as hrm_end_date,
    max(end_date_known_on) as hrm_end_date_known_on
  from {{ ref('int_backing') }} where {{ holds_today() }}
  group by vfs_position_id
),

hrm_names as (
  select employee_id, arg_max(given_name, from_day) as given_name, arg_max(family_name, from_day) as family_name
  from {{ ref('int_hrm__employees') }} group by employee_id
),

-- A group that is spelled in several ways is listed once (contract#capitals).
uncovered as (
  select person_id, org_number, min(access_group) as access_group
  from {{ ref('int_vfs__uncovered_accesses') }} where {{ holds_today() }}
  group by person_id, org_number, lower(access_group)
),

-- `named` is for a sentence: which accesses, and where.
uncovered_anywhere as (
  select person_id, string_agg(access_group, ', ' order by access_group) as access_groups
  from (select person_id, min(access_group) as access_group from uncovered group by person_id, lower(access_group))
  group by person_id
),

uncovered_at_unit as (
  select
    person_id, org_number,
    string_agg(access_group, ', ' order by access_group) as access_groups,
    {{ listed("list('«' || access_group || '»' order by access_group)") }} as named,
    count(*) as accesses
  from uncovered group by person_id, org_number
),

uncovered_by_unit as (
  select
    at_unit.person_id,
    {{ listed("list(at_unit.named || ' ved ' || coalesce(org_units.name, at_unit.org_number) order by at_unit.org_number)") }} as named,
    sum(at_unit.accesses) as accesses,
    string_agg(at_unit.org_number, ', ' order by at_unit.org_number) as org_numbers
  from uncovered_at_unit as at_unit
  left join {{ ref('int_org_units__names') }} as org_units using (org_number)
  group by at_unit.person_id
),

-- The last day of work of those who have no position in HRM that goes on.
last_days_in_hrm as (
  select employee_id, max(coalesce(hrm_end_date, last_held_on)) as last_day
  from {{ ref('int_hrm__end_dates') }} group by employee_id
),

kommuneadmins as (
  select
    person_id,
    string_agg(access_group, ', ' order by access_group) as access_groups,
    {{ listed("list('«' || access_group || '»' order by access_group)") }} as named,
    count(*) as accesses,
    any_value(review_reason) as review_reason
  from (
    select person_id, min(access_group) as access_group, any_value(review_reason) as review_reason
    from {{ ref('kommuneadmin_roster') }} group by person_id, lower(access_group)
  )
  group by person_id
),

profiles as (
  select * from {{ ref('int_vfs__persons_as_last_seen') }} where {{ holds_today() }}
),

-- Whose identity is disputed, and in a sentence each, with whom.
disputes as (
  select person_id, string_agg(sentence, ' ' order by sentence) as dispute, bool_or(is_pair) as is_pair
  from (
    select distinct
      disputes.person_id,
      disputes.other_person_id is not null as is_pair,
      {{ dispute_sentence('disputes', 'employees', 'own', 'others') }} as sentence
    from {{ ref('int_identity__disputes') }} as disputes
    left join hrm_names as employees on disputes.other_employee_id = employees.employee_id
    left join profiles as own on disputes.person_id = own.person_id
    left join profiles as others on disputes.other_person_id = others.person_id
    where {{ holds_today('disputes') }}
  )
  group by person_id
),

-- What the transfer tells of the end date that did not arrive (contract#transfer-case).
told_by_transfer as (
  select hrm_position_id, vfs_position_id, cause, is_backdated
  from {{ ref('int_end_date_propagation') }} where cause in ('not_sent', 'sent_not_applied')
),

left_with_access as (
  select person_id from {{ ref('employee_status') }} where has_left_with_access
),

described as (
  select
    findings.case_number,
    findings.finding_id,
    findings.finding_type,
    findings.list_mart,
    findings.subject_id,
    findings.status,
    findings.person_id,
    coalesce(hrm.employee_number, persons.employee_number) as employee_number,
    coalesce(persons.given_name, hrm_names.given_name) as given_name,
    coalesce(persons.family_name, hrm_names.family_name) as family_name,
    findings.org_number,
    {{ org_name('findings.org_number') }} as org_name,
    vfs.role,
    coalesce(vfs.start_date, hrm.start_date) as start_date,
    vfs.end_date as vfs_end_date,
    last_positions.last_position_end_date,
    persons.can_log_in,
    coalesce(persons.hrm_status, if(hrm.position_id is null, null, 'active')) as hrm_status,
    case
      when vfs.position_id is null then null
      when findings.unbacked_vfs_position_id is null then told_by_transfer.cause
      else coalesce(own.cause, if(vfs.registered_by = 'manual', 'manual_position', 'no_counterpart'))
    end as cause,
    coalesce(own.hrm_position_id, outliving.hrm_position_id, hrm.position_id) as hrm_position_id,
    coalesce(own.hrm_end_date, outliving.hrm_end_date, hrm.hrm_end_date) as hrm_end_date,
    coalesce(own.hrm_end_date_known_on, outliving.hrm_end_date_known_on, hrm.hrm_end_date_known_on) as hrm_end_date_known_on,
    own.last_held_on,
    coalesce(
      if(own.hrm_end_date is null and own.last_held_on is null, null,
        greatest(coalesce(own.hrm_end_date, own.last_held_on), vfs.start_date)),
      outliving.hrm_end_date
    ) as suggested_end_date,
    coalesce(uncovered_anywhere.access_groups, uncovered_at_unit.access_groups, kommuneadmins.access_groups) as access_groups,
    kommuneadmins.review_reason,
    findings.first_seen_on,
    findings.problem_since,
    findings.is_age_lower_bound,
    findings.is_returned,
    (run.as_of_date - findings.first_seen_on)::integer as days_open,
    (run.as_of_date - findings.problem_since)::integer as age_days,
    exceptions.excepted_until,
    exceptions.exception_reason,
    exceptions.excepted_by,
    findings.meaning_nb,
    disputes.person_id is not null as is_disputed,
    disputes.dispute,
    disputes.is_pair,
    vfs.positions_there,
    coalesce(uncovered_by_unit.named, uncovered_at_unit.named, kommuneadmins.named) as named_accesses,
    uncovered_by_unit.org_numbers as access_org_numbers,
    coalesce(uncovered_by_unit.accesses, uncovered_at_unit.accesses, kommuneadmins.accesses) as accesses,
    if(persons.hrm_status = 'inactive', greatest(last_days_in_hrm.last_day, vfs.start_date), null) as last_day_in_hrm,
    coalesce(own.is_backdated, told_by_transfer.is_backdated, false) as is_backdated,
    left_with_access.person_id is not null as has_left_with_access,
    -- A finding kept open because its type cannot be assessed now may have nothing left to show on its list.
    case
      when findings.unbacked_vfs_position_id is not null then vfs.position_id is not null
      when findings.list_mart in ('inactive_with_access', 'access_without_position')
        then coalesce(uncovered_anywhere.access_groups, uncovered_at_unit.access_groups) is not null
      else true
    end as is_on_its_list,
    findings.finding_type in (
      select name from {{ ref('int_not_assessable') }} where {{ holds_today() }}
    ) as is_not_assessable,
    run.as_of_date
  from findings
  left join {{ ref('int_persons') }} as persons using (person_id)
  left join vfs_positions as vfs on findings.vfs_position_id = vfs.position_id
  left join {{ ref('int_hrm__end_dates') }} as hrm on findings.own_hrm_position_id = hrm.position_id
  left join hrm_names on hrm.employee_id = hrm_names.employee_id
  left join {{ ref('int_org_units__names') }} as org_units on findings.org_number = org_units.org_number
  left join {{ ref('int_vfs__own_hrm_positions') }} as own on findings.unbacked_vfs_position_id = own.vfs_position_id and own.is_in_state
  left join outliving on findings.outliving_vfs_position_id = outliving.vfs_position_id
  left join told_by_transfer
    on outliving.vfs_position_id = told_by_transfer.vfs_position_id and outliving.hrm_position_id = told_by_transfer.hrm_position_id
  left join uncovered_anywhere on findings.inactive_person_id = uncovered_anywhere.person_id
  left join uncovered_by_unit on findings.inactive_person_id = uncovered_by_unit.person_id
  left join last_days_in_hrm on persons.matched_employee_id = last_days_in_hrm.employee_id
  left join last_positions on findings.inactive_person_id = last_positions.person_id
  left join uncovered_at_unit
    on findings.elsewhere_person_id = uncovered_at_unit.person_id and findings.org_number = uncovered_at_unit.org_number
  left join kommuneadmins on findings.kommuneadmin_person_id = kommuneadmins.person_id
  left join disputes on findings.person_id = disputes.person_id
  left join left_with_access on findings.person_id = left_with_access.person_id
  left join exceptions
    on findings.finding_type = exceptions.finding_type and findings.subject_id = exceptions.subject_id
  cross join {{ ref('stg_run') }} as run
),

decided as (
  select
    *,
    {{ date_to_set('described') }} as date_to_set,
    {{ ends_by_itself('described') }} as ends_by_itself
  from described
)

select
  described.* exclude (
    meaning_nb, dispute, is_pair, is_backdated, positions_there, named_accesses, accesses, last_day_in_hrm, as_of_date
  ),
  {{ why('described', 'causes', 'review_reasons') }} as why,
  {{ remedy('described') }} as remedy,
  described.as_of_date
from decided as described
left join {{ ref('causes') }} as causes on described.cause = causes.cause
left join {{ ref('review_reasons') }} as review_reasons on described.review_reason = review_reasons.review_reason
