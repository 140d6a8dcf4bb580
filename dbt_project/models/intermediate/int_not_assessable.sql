-- The periods in which something cannot be assessed, because the current extract does not carry what it takes (contract#not-assessable).
with carried as (
  select unnest(not_assessable) as name, from_day, to_day from {{ ref('stg_extracts') }}
)

{{ merge_periods('carried', ['name']) }}
