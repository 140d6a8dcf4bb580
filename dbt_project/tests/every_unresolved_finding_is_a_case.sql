-- The lists, the report and the messages are made from `cases`: nobody would see a finding that is missing there.
{{ config(meta={'dagster': {'ref': {'name': 'cases'}}}) }}
select findings.finding_id, cases.finding_id as case_finding_id
from (select * from {{ ref('findings') }} where status <> 'resolved') as findings
full join {{ ref('cases') }} as cases using (finding_id)
where findings.finding_id is null or cases.finding_id is null or findings.status <> cases.status
