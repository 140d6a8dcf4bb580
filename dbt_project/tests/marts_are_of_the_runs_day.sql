-- Otherwise a mart of another day would be published as today's.
{{ config(meta={'dagster': {'ref': {'name': 'data_freshness'}}}) }}
{% set marts = [
  'access_risk_daily', 'access_without_position', 'alert_log', 'case_handling', 'case_history',
  'cases', 'data_freshness', 'decision_answers', 'dim_cause', 'dim_date',
  'dim_finding_type', 'dim_status', 'employee_status', 'emptied_org_units', 'end_date_propagation',
  'exceptions', 'extracts', 'finding_daily_counts', 'findings', 'inactive_with_access',
  'kommuneadmin_roster', 'manual_registrations', 'org_units', 'people', 'rejected_rows',
  'resolved_cases', 'settings_in_force', 'status_mismatches',
] %}
{% for mart in marts %}
select distinct '{{ mart }}' as mart, as_of_date
from {{ ref(mart) }}
where as_of_date is distinct from (select as_of_date from {{ ref('stg_run') }})
{{ 'union all' if not loop.last }}
{% endfor %}
