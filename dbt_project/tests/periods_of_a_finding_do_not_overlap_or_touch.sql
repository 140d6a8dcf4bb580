-- Two periods of one type on one subject that overlap or touch would report one finding twice, with a wrong age.
-- depends_on: {{ ref('findings') }} (of which it is a check in Dagster)
{{ config(meta={'dagster': {'ref': {'name': 'findings'}}}) }}
select earlier.finding_id, later.finding_id as other_finding_id
from {{ ref('int_findings') }} as earlier
inner join {{ ref('int_findings') }} as later
  on earlier.finding_type = later.finding_type and earlier.subject_id = later.subject_id
  and earlier.from_day < later.from_day and later.from_day <= earlier.to_day
