-- The extracts that count on the as-of date. Each is current from its date until the next one's.
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
where extracts.status = 'accepted' and extracts.extract_date <= run.as_of_date
