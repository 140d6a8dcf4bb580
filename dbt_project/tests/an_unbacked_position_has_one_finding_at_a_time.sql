-- The first four types exclude each other: two at once would put one position on the sysadmin's list twice.
{{ config(meta={'dagster': {'ref': {'name': 'int_findings'}}}) }}
select one.subject_id, one.finding_type, other.finding_type as other_finding_type
from {{ ref('int_findings') }} as one
inner join {{ ref('int_findings') }} as other
  on one.subject_id = other.subject_id and one.finding_type < other.finding_type
  and one.from_day < other.to_day and other.from_day < one.to_day
where one.finding_type in ('active_vfs_inactive_hrm', 'stale_position', 'manual_position', 'unknown_in_hrm')
  and other.finding_type in ('active_vfs_inactive_hrm', 'stale_position', 'manual_position', 'unknown_in_hrm')
