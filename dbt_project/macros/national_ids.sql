{# The national id of each `owner` in the versions of `relation`, and when: the last one seen holds, empty ones aside. #}
{% macro national_ids_as_last_seen(relation, owner, columns) -%}
with seen as (
  select {{ columns | join(', ') }}, national_id_hash, from_day
  from {{ relation }}
  where national_id_hash is not null
),

changes as (
  select *
  from seen
  qualify national_id_hash is distinct from lag(national_id_hash) over (partition by {{ owner }} order by from_day)
)

select
  {% for column in columns %}changes.{{ column }}, {% endfor %}changes.national_id_hash, changes.from_day,
  lead(changes.from_day, 1, run.as_of_date + 1) over (partition by changes.{{ owner }} order by changes.from_day) as to_day
from changes
cross join {{ ref('stg_run') }} as run
{%- endmacro %}
