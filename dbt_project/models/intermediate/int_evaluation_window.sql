-- One row from the first day on which both systems have an extract; none before that.
select
  greatest(
    min(extract_date) filter (where system = 'hrm'), min(extract_date) filter (where system = 'vfs')
  ) as first_day,
  any_value(run.as_of_date) as as_of_date,
  any_value(run.as_of_date) + 1 as to_day
from {{ ref('stg_extracts') }}
cross join {{ ref('stg_run') }} as run
having count(distinct system) = 2
