-- The settings of `policy` that the figures were made with, and the version of the marts.
with settings as (
  select name, value, default_value from {{ source('ingest', 'settings_in_force') }}
  union all
  select 'marts_version', '{{ var("marts_version") }}', '{{ var("marts_version") }}'
)

select settings.name, settings.value, settings.default_value as "default", {{ of_the_run() }}
from settings
cross join {{ ref('stg_run') }} as run
