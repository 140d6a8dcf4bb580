-- The periods in which a finding type, mart or review reason cannot be assessed, because the current extract lacks what it
-- needs (contract#not-assessable).
with of_extracts as (
  select unnest(not_assessable) as name, from_day, to_day from {{ ref('stg_extracts') }}
)

{{ merge_periods('of_extracts', ['name']) }}
