-- The periods in which something cannot be told, because the current extract does not carry what it takes (contract#not-assessable).
with told as (
  select unnest(not_assessable) as name, from_day, to_day from {{ ref('stg_extracts') }}
)

{{ merge_periods('told', ['name']) }}
