-- Since when a system's state has been the same (contract#frozen-source): the latest extract with which a version of any of
-- its tables began or ended.
with changes as (
  {% for system, tables in canonical_tables().items() -%}
  {% set last_system = loop.last -%}
  {% for table in tables -%}
  select '{{ system }}' as system, unnest([from_day, to_day]) as day from {{ ref('stg_' ~ system ~ '__' ~ table) }}
  {% if not (last_system and loop.last) %}union{% endif %}
  {% endfor -%}
  {% endfor -%}
)

select
  extracts.system,
  -- Where no version is left of the changes (a purge), or there never was a row: the first extract.
  coalesce(max(changes.day), min(extracts.extract_date)) as unchanged_since
from {{ ref('stg_extracts') }} as extracts
left join changes on extracts.system = changes.system and extracts.extract_date = changes.day
group by extracts.system
