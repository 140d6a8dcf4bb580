-- The lists join more tables; a person lost in a join would keep an access without anyone noticing. The kommuneadmin roster
-- has its own rules for review reasons, which must give the same people as the findings.
{{ config(meta={'dagster': {'ref': {'name': 'findings'}}}) }}
with present as (
  select findings.finding_type, findings.subject_id
  from {{ ref('findings') }} as findings
  inner join {{ ref('finding_types') }} as types using (finding_type)
  where findings.status in ('open', 'excepted') and types.list_mart <> 'cases'
),

listed as (
  select finding_type, vfs_position_id as subject_id from {{ ref('status_mismatches') }}
  union all
  select 'inactive_with_access', person_id from {{ ref('inactive_with_access') }}
  union all
  select 'access_without_position', person_id || ':' || org_number from {{ ref('access_without_position') }}
  union all
  select distinct 'kommuneadmin_review', person_id from {{ ref('kommuneadmin_roster') }}
  -- Nothing is a finding before both systems have delivered.
  cross join {{ ref('int_evaluation_window') }}
  where review_reason is not null
)

-- A finding of a type that cannot be assessed today is kept open, but may be missing from its list.
(select 'not on its list' as problem, * from (select * from present except all select * from listed)
  where finding_type not in (select name from {{ ref('int_not_assessable') }} where {{ holds_today() }}))
union all
(select 'on a list without a finding' as problem, * from (select * from listed except all select * from present))
