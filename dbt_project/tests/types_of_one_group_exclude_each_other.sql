-- Two types of one group at once would put one position on the sysadmin's list twice.
-- depends_on: {{ ref('findings') }} (of which it is a check in Dagster)
{{ config(meta={'dagster': {'ref': {'name': 'findings'}}}) }}
with findings as (
  select findings.*, types.exclusive_group
  from {{ ref('int_findings') }} as findings
  inner join {{ ref('finding_types') }} as types using (finding_type)
)

select one.subject_id, one.finding_type, other.finding_type as other_finding_type
from findings as one
inner join findings as other
  on one.subject_id = other.subject_id and one.exclusive_group = other.exclusive_group and one.finding_type < other.finding_type
  and {{ overlap('one', 'other') }}
