-- The worklist, as a file.
{{ config(materialized='external', location='found.csv') }}
{% for search in ['active_vfs_inactive_hrm', 'stale_position', 'unknown_in_hrm'] -%}
{{ 'union all' if not loop.first }}
select '{{ search }}' as finding_type, position_id, person_id, can_log_in from {{ ref(search) }}
{% endfor %}
