{{ config(materialized='table') }}
-- The periods in which a finding type, mart or review reason cannot be assessed (contract#not-assessable): because the current extract
-- lacks what it needs, or because none of the kommuneadmin groups set is found.
with not_assessable as (
  select unnest(not_assessable) as name, from_day, to_day from {{ ref('stg_extracts') }}
  union all
  select 'kommuneadmin_review', from_day, to_day from {{ ref('int_kommuneadmin__groups') }} where is_not_assessable
)

{{ merge_periods('not_assessable', ['name']) }}
