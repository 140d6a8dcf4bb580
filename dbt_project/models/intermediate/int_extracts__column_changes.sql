-- In how many rows that both the current and the previous extract of a system hold a column lost its value, or was changed where it
-- says whose a row is, or what a unit is; and how many accesses ended. Many at once are seldom what happened to people.
{% set watched = {
  ('hrm', 'employees'): {'key': ['employee_number'], 'emptied': ['national_id_hash'], 'changed': []},
  ('hrm', 'positions'): {'key': ['position_id'], 'emptied': ['start_date'], 'changed': ['employee_number', 'org_number']},
  ('vfs', 'persons'): {
    'key': ['person_id'], 'emptied': ['national_id_hash', 'login_enabled', 'registered_by'], 'changed': ['employee_number']},
  ('vfs', 'positions'): {
    'key': ['position_id'], 'emptied': ['start_date', 'end_date', 'hrm_position_id', 'registered_by'],
    'changed': ['person_id', 'org_number']},
  ('vfs', 'accesses'): {
    'key': ['person_id', 'lower(access_group)', 'org_number', 'start_date', 'position_id'], 'emptied': [], 'changed': []},
  ('vfs', 'org_units'): {'key': ['org_number'], 'emptied': [], 'changed': ['type']},
} %}
with current_extracts as (
  select system, max(extract_date) as extract_date from {{ ref('stg_extracts') }} group by system
),

{% for (system, table), columns in watched.items() %}
{{ system }}_{{ table }} as (
  {{ staged_versions(system ~ '_' ~ table) }}
),

{{ system }}_{{ table }}_pairs as (
  select before, now, extract_date
  from (
    select
      versions.*, versions as now, current_extracts.extract_date,
      lag(versions) over (partition by {{ columns.key | join(', ') }} order by from_day) as before
    from {{ system }}_{{ table }} as versions
    inner join current_extracts on current_extracts.system = '{{ system }}' and versions.to_day >= current_extracts.extract_date
  )
  where to_day > extract_date
),
{% endfor %}

changes as (
  {% for (system, table), columns in watched.items() %}
  {% set follows = 'before.to_day = extract_date and now.from_day = extract_date' %}
  {% for column in columns.emptied %}
  select
    '{{ system }}' as system, '{{ table }}' as table_name, '{{ column }}' as column_name, 'emptied' as change,
    count(*) filter ({{ follows }} and before.{{ column }} is not null and now.{{ column }} is null) as row_count,
    count(*) filter (if({{ follows }}, before.{{ column }}, now.{{ column }}) is not null) as held_count
  from {{ system }}_{{ table }}_pairs
  union all
  {% endfor %}
  {% for column in columns.changed %}
  select
    '{{ system }}', '{{ table }}', '{{ column }}', 'changed',
    count(*) filter ({{ follows }} and before.{{ column }} is distinct from now.{{ column }}), count(*)
  from {{ system }}_{{ table }}_pairs
  union all
  {% endfor %}
  {% endfor %}
  select
    'vfs', 'accesses', 'end_date', 'ended',
    count(*) filter (
      before.to_day = extract_date and now.from_day = extract_date
      and coalesce(before.end_date >= extract_date, true) and now.end_date < extract_date),
    count(*) filter (
      coalesce(if(before.to_day = extract_date and now.from_day = extract_date, before.end_date, now.end_date) >= extract_date, true))
  from vfs_accesses_pairs
)

select system, table_name, column_name, change, row_count::integer as row_count, held_count::integer as held_count
from changes
where row_count > 0
