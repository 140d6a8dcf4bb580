-- What became of each delivery that lies in the time spoken of.
select
  extracts.system,
  extracts.extract_date,
  extracts.arrival,
  extracts.kind,
  extracts.status,
  extracts.reason,
  extracts.row_count::integer as row_count,
  extracts.rejected_count::integer as rejected_count,
  extracts.active_positions::integer as active_positions,
  run.as_of_date
from {{ source('ingest', 'extracts') }} as extracts
cross join {{ ref('stg_run') }} as run
where extracts.extract_date <= run.as_of_date
