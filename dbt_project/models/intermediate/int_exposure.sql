-- Days of evaluation on which what a case is about stood after the last day of work, and let somebody in (contract#exposure-days).
with cases as (
  select
    history.case_number, history.finding_type, history.subject_id, history.person_id, history.is_on_vfs_position,
    greatest(evaluation.first_day, coalesce(history.last_day_of_work + 1, history.opened_on)) as from_day,
    coalesce(history.resolved_on, evaluation.to_day) as to_day
  from {{ ref('int_case_history') }} as history
  cross join {{ ref('int_evaluation_window') }} as evaluation
  -- Of a position that VFS ended too early, nothing is left open.
  where history.finding_type <> 'ended_early_in_vfs'
),

-- What stands, with the case's own key: the position; else all accesses of the person, at the unit where the case is about one.
standing as (
  select cases.case_number, {{ intersection(['cases', 'ways_in']) }}
  from cases
  inner join {{ ref('int_vfs__ways_in') }} as ways_in
    on cases.is_on_vfs_position and cases.subject_id = ways_in.position_id and {{ overlap('cases', 'ways_in') }}
  union all
  select cases.case_number, {{ intersection(['cases', 'ways_in']) }}
  from cases
  inner join {{ ref('int_vfs__ways_in') }} as ways_in
    on cases.person_id = ways_in.person_id and {{ overlap('cases', 'ways_in') }}
  where not cases.is_on_vfs_position
    and case cases.finding_type
      when 'access_without_position' then ways_in.access_group is not null and cases.subject_id = cases.person_id || ':' || ways_in.org_number
      when 'disputed_identity' then true
      else ways_in.access_group is not null
    end
),

merged as (
  {{ merge_periods('standing', ['case_number']) }}
)

select case_number, sum(to_day - from_day)::integer as exposure_days
from merged
group by case_number
