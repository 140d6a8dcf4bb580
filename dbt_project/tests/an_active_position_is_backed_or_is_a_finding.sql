-- An active VFS position that is neither backed nor a finding is a person that the lists miss.
-- depends_on: {{ ref('findings') }} (of which it is a check in Dagster)
{{ config(meta={'dagster': {'ref': {'name': 'findings'}}}) }}
select positions.position_id, positions.person_id, positions.from_day
from {{ ref('int_vfs__active_positions') }} as positions
cross join {{ ref('int_evaluation_window') }} as evaluation
anti join (
  select vfs_position_id as position_id from {{ ref('int_backed_positions') }} where {{ holds_today() }}
  union all
  select findings.subject_id
  from {{ ref('int_findings') }} as findings
  inner join {{ ref('finding_types') }} as types using (finding_type)
  where findings.resolved_on is null and types.exclusive_group = 'unbacked_position'
) as accounted_for on positions.position_id = accounted_for.position_id
where {{ holds_today('positions') }}
