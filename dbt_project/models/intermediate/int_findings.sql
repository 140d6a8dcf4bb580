-- Every finding with its first and last day (contract, section 5), open or not.
with present as (
  select * from {{ ref('int_findings__unbacked_positions') }}
  union all by name
  select * from {{ ref('int_findings__end_date_not_propagated') }}
  union all by name
  select * from {{ ref('int_findings__ended_early_in_vfs') }}
  union all by name
  select * from {{ ref('int_findings__accesses') }}
  union all by name
  select * from {{ ref('int_findings__kommuneadmin_review') }}
  union all by name
  select * from {{ ref('int_findings__disputed_identity') }}
),

evaluated as (
  select
    present.finding_type, present.subject_id, present.person_id, present.org_number,
    greatest(present.from_day, evaluation.first_day) as from_day,
    least(present.to_day, evaluation.to_day) as to_day
  from present
  cross join {{ ref('int_evaluation_window') }} as evaluation
),

periods as (
  {{ merge_periods('evaluated', ['finding_type', 'subject_id']) }}
),

-- Whose it is and where, as on its last day.
findings as (
  select
    periods.finding_type, periods.subject_id, periods.from_day, periods.to_day,
    min(evaluated.person_id) as person_id,
    min(evaluated.org_number) as org_number
  from periods
  inner join evaluated
    on periods.finding_type = evaluated.finding_type and periods.subject_id = evaluated.subject_id
    and periods.to_day = evaluated.to_day and evaluated.from_day < evaluated.to_day
  group by all
),

identified as (
  select
    substr(md5(finding_type || '|' || subject_id || '|' || from_day), 1, 16) as finding_id,
    finding_type in (
      'active_vfs_inactive_hrm', 'stale_position', 'manual_position', 'unknown_in_hrm', 'end_date_not_propagated'
    ) as is_on_vfs_position,
    *
  from findings
),

-- Findings on one VFS position that follow each other without a gap are one problem.
chained as (
  select
    *,
    case when is_on_vfs_position and lead(from_day) over same_subject = to_day then lead(finding_id) over same_subject end
      as succeeded_by,
    is_on_vfs_position and coalesce(lag(to_day) over same_subject = from_day, false) as succeeds_another
  from identified
  window same_subject as (
    partition by subject_id, is_on_vfs_position, if(is_on_vfs_position, '', finding_type) order by from_day
  )
),

chains as (
  select
    *,
    count(*) filter (where not succeeds_another) over (
      partition by subject_id, is_on_vfs_position, if(is_on_vfs_position, '', finding_type)
      order by from_day rows unbounded preceding
    ) as chain_number
  from chained
)

select
  chains.finding_id,
  chains.finding_type,
  chains.subject_id,
  chains.person_id,
  chains.org_number,
  chains.from_day,
  chains.to_day,
  chains.from_day as first_seen_on,
  chains.to_day - 1 as last_seen_on,
  case when chains.to_day < evaluation.to_day then chains.to_day end as resolved_on,
  min(chains.from_day) over (
    partition by chains.subject_id, chains.is_on_vfs_position, if(chains.is_on_vfs_position, '', chains.finding_type),
    chains.chain_number
  ) as problem_since,
  chains.succeeded_by,
  problem_since = evaluation.first_day as is_age_lower_bound,
  case
    when chains.to_day < evaluation.to_day then 'resolved'
    when exists (
      select 1 from {{ ref('stg_exceptions') }} as exceptions
      where exceptions.finding_type = chains.finding_type and exceptions.subject_id = chains.subject_id
        and exceptions.from_day <= evaluation.as_of_date and evaluation.as_of_date < exceptions.to_day
    ) then 'excepted'
    else 'open'
  end as status
from chains
cross join {{ ref('int_evaluation_window') }} as evaluation
