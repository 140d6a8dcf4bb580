{# The canonical tables by system. #}
{% macro canonical_tables() -%}
{{ return({'hrm': ['employees', 'positions', 'org_units'], 'vfs': ['persons', 'positions', 'accesses', 'org_units']}) }}
{%- endmacro %}

{# The versions of a table as known on the as-of date; later extracts are left out. #}
{% macro staged_versions(table) -%}
select
  versions.* exclude (valid_from, valid_to),
  versions.valid_from as from_day,
  least(versions.valid_to, run.as_of_date + 1) as to_day
from {{ source('versions', table) }} as versions
cross join {{ ref('stg_run') }} as run
where versions.valid_from <= run.as_of_date
{%- endmacro %}

{# The accepted extracts up to the as-of date for which the condition holds. #}
{% macro staged_extracts(condition) -%}
select
  extracts.system,
  extracts.extract_date,
  extracts.kind,
  extracts.not_assessable,
  coalesce(extracts.kept_rows, 0) as kept_rows,
  coalesce(extracts.may_miss_rows, 0) as may_miss_rows,
  row_number() over (partition by extracts.system order by extracts.extract_date) as sequence_number,
  extracts.extract_date as from_day,
  lead(extracts.extract_date, 1, run.as_of_date + 1) over (partition by extracts.system order by extracts.extract_date) as to_day
from {{ source('ingest', 'extracts') }} as extracts
cross join {{ ref('stg_run') }} as run
where extracts.status = 'accepted' and extracts.extract_date <= run.as_of_date and extracts.{{ condition }}
{%- endmacro %}
