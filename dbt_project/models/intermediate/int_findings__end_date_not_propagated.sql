-- Backed VFS positions that will go on after the job has ended. A backing position clears the finding while it has no end
-- date, while VFS ends no later than it, or while VFS has had no extract since the end date was known and the grace was over.
with backing as (
  select backing.*, extracts.extract_date as overdue_from
  from (
    select backing.*, backing.end_date_known_on + run.grace_days as last_day_of_grace
    from {{ ref('int_backing') }} as backing
    cross join {{ ref('stg_run') }} as run
  ) as backing
  {{ join_first_extract_after('backing.last_day_of_grace', 'vfs') }}
),

clearing as (
  select
    vfs_position_id,
    from_day,
    case
      when hrm_end_date is null or vfs_end_date <= hrm_end_date then to_day
      else least(to_day, overdue_from)
    end as to_day
  from backing
),

cleared as (
  {{ merge_periods('clearing', ['vfs_position_id']) }}
),

overdue as (
  {{ subtract_periods(ref('int_backed_positions'), 'cleared', ['vfs_position_id'], ['vfs_position_id']) }}
)

select
  'end_date_not_propagated' as finding_type,
  positions.position_id as subject_id,
  positions.person_id,
  positions.org_number,
  {{ intersection(['overdue', 'positions']) }}
from overdue
inner join {{ ref('int_vfs__active_positions') }} as positions
  on overdue.vfs_position_id = positions.position_id
  and {{ overlap('overdue', 'positions') }}
