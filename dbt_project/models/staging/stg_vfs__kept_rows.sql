-- The rows of VFS's state that are there on the as-of date only because they cannot be read (contract#rejected-row).
select kept.table_name, kept.key_values
from {{ source('ingest', 'kept_rows') }} as kept
cross join {{ ref('stg_run') }} as run
where kept.system = 'vfs' and kept.kept_since <= run.as_of_date and coalesce(kept.kept_to > run.as_of_date, true)
