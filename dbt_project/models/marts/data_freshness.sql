with systems as (
  select unnest(['hrm', 'vfs']) as system
  union
  select system from {{ ref('extracts') }} where system = 'transfer'
),

current_extracts as (
  select
    system, max(extract_date) as current_extract_date,
    arg_max(kept_rows, extract_date) as kept_rows, arg_max(may_miss_rows, extract_date) as may_miss_rows
  from (select * from {{ ref('stg_extracts') }} union all select * from {{ ref('stg_transfer__extracts') }})
  group by system
),

table_counts as (
  {% for system, tables in canonical_tables().items() -%}
  {% for table in tables -%}
  select '{{ system }}' as system, count(*) as row_count from {{ ref('stg_' ~ system ~ '__' ~ table) }} where {{ holds_today() }}
  union all
  {% endfor -%}
  {% endfor -%}
  select 'transfer', count(*) from {{ ref('stg_transfer__positions') }} where {{ holds_today() }}
),

row_counts as (
  select system, sum(row_count) as row_count from table_counts group by system
),

withheld as (
  select system, count(distinct extract_date) as withheld_extracts
  from {{ ref('extracts') }} where is_withheld
  group by system
),

-- What can be assessed depends only on VFS's sources.
not_assessable as (
  select string_agg(name, ', ' order by name) as names from {{ ref('int_not_assessable') }} where {{ holds_today() }}
)

select
  systems.system,
  current_extracts.current_extract_date,
  (run.as_of_date - current_extracts.current_extract_date)::integer as age_days,
  row_counts.row_count::integer as row_count,
  case
    when current_extracts.current_extract_date is null then 'missing'
    when withheld.withheld_extracts > 0 then 'withheld'
    when run.as_of_date - current_extracts.current_extract_date > run.max_extract_age_days then 'stale'
    else 'fresh'
  end as status,
  coalesce(run.as_of_date - current_extracts.current_extract_date > run.max_extract_age_days, false) as is_too_old,
  coalesce(withheld.withheld_extracts, 0)::integer as withheld_extracts,
  unchanged.unchanged_since,
  coalesce(
    current_extracts.current_extract_date > unchanged.unchanged_since
    and current_extracts.current_extract_date - unchanged.unchanged_since >= run.max_unchanged_days_warned, false
  ) as may_be_frozen,
  coalesce(current_extracts.kept_rows, 0)::integer as kept_rows,
  coalesce(current_extracts.may_miss_rows, 0)::integer as may_miss_rows,
  if(systems.system = 'vfs', coalesce(not_assessable.names, ''), '') as not_assessable,
  {{ of_the_run() }}
from systems
left join current_extracts using (system)
inner join row_counts using (system)
left join withheld using (system)
left join {{ ref('int_unchanged_since') }} as unchanged using (system)
cross join {{ ref('stg_run') }} as run
cross join not_assessable
