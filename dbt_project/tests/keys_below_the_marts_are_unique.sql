-- Of staging, tables and catalogue; null counts as a value. One test and not one for each: a node of dbt costs more than the query.
-- A view needs none: its one reader has a key.
-- depends_on: {{ ref('findings') }} (of which it is a check in Dagster)
{{ config(meta={'dagster': {'ref': {'name': 'findings'}}}) }}
{% set keys = {
  'assessed_marts': 'mart',
  'causes': 'cause',
  'finding_types': 'finding_type',
  'int_case_history': 'case_number',
  'int_cases': 'finding_id',
  'int_counterparts': 'hrm_position_id, vfs_position_id',
  'int_end_date_propagation': 'hrm_position_id, vfs_position_id',
  'int_findings': 'finding_id',
  'int_hrm__end_dates': 'position_id',
  'int_hrm__status': 'employee_id, from_day',
  'int_identity__matches': 'person_id, from_day',
  'int_not_assessable': 'name, from_day',
  'int_org_units': 'org_number',
  'int_org_units__names': 'org_number',
  'int_persons': 'person_id',
  'int_vfs__own_hrm_positions': 'vfs_position_id',
  'review_reasons': 'review_reason',
  'statuses': 'status_of, status',
  'stg_case_handling': 'sequence_number',
  'stg_decision_answers': 'sequence_number',
  'stg_extracts': 'system, extract_date',
  'stg_hrm__employees': 'employee_number, from_day',
  'stg_hrm__positions': 'position_id, from_day',
  'stg_transfer__extracts': 'system, extract_date',
  'stg_transfer__positions': 'position_id, from_day',
  'stg_vfs__accesses': 'person_id, access_group, org_number, start_date, position_id, from_day',
  'stg_vfs__persons': 'person_id, from_day',
  'stg_vfs__positions': 'position_id, from_day'
} %}
{% for model, key in keys.items() %}
select '{{ model }}' as model, concat_ws('|', {{ key }}) as key, count(*) as times
from {{ ref(model) }}
group by {{ key }}
having count(*) > 1
{{ 'union all' if not loop.last }}
{% endfor %}
