-- Rejected rows of the extracts that count on the as-of date.
select
  rejected.system, rejected.extract_date, rejected.table_name, rejected.file, rejected.line::integer as line,
  rejected.column_name, rejected.reason, coalesce(rejected.is_unreadable, false) as is_unreadable,
  coalesce(rejected.key, '') as key, rejected.kept_since, {{ of_the_run() }}
from {{ source('ingest', 'rejected_rows') }} as rejected
cross join {{ ref('stg_run') }} as run
where rejected.extract_date <= run.as_of_date
