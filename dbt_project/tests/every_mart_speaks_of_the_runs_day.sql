-- A mart left over from another day would be published beside the others as if it were of today.
{{ config(meta={'dagster': {'ref': {'name': 'data_freshness'}}}) }}
{% set marts = [
  'access_without_position', 'data_freshness', 'employee_status', 'end_date_propagation', 'extracts',
  'finding_daily_counts', 'findings', 'inactive_with_access', 'kommuneadmin_roster', 'manual_registrations',
  'org_units', 'rejected_rows', 'status_mismatches'
] -%}
{% for mart in marts -%}
select distinct '{{ mart }}' as mart, as_of_date from {{ ref(mart) }}
where as_of_date is distinct from (select as_of_date from {{ ref('stg_run') }})
{% if not loop.last %}union all
{% endif -%}
{% endfor %}
