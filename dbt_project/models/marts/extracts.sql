-- The outcome of each delivery dated up to the as-of date.
with extracts as (
  select extracts.*, max(extract_date) filter (where status = 'accepted') over (partition by system) as current_extract_date
  from {{ source('ingest', 'extracts') }} as extracts
  cross join {{ ref('stg_run') }} as run
  where extracts.extract_date <= run.as_of_date
)

select
  extracts.system,
  extracts.extract_date,
  extracts.arrival,
  extracts.kind,
  extracts.status,
  extracts.reason,
  extracts.reason_facts,
  extracts.row_count::integer as row_count,
  extracts.rejected_count::integer as rejected_count,
  extracts.active_positions::integer as active_positions,
  extracts.status in ('refused', 'quarantined')
    and coalesce(extracts.extract_date > extracts.current_extract_date, true) as is_withheld,
  row_number() over (
    partition by extracts.system, extracts.extract_date
    order by extracts.status = 'accepted' desc, extracts.arrival desc
  ) = 1 as is_latest_of_day,
  {{ of_the_run() }}
from extracts
cross join {{ ref('stg_run') }} as run
