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
