select * from {{ source('ingest', 'run') }}
