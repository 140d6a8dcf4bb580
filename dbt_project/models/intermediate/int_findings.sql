{{ config(materialized='table') }}
-- Every finding with its first and last day (contract#findings), open or not.
with types as (
  select finding_type, subject = 'vfs_position' as is_on_vfs_position, exclusive_group from {{ ref('finding_types') }}
),

evaluated as (
  select
    present.finding_type, present.subject_id, present.person_id, present.org_number,
    greatest(present.from_day, evaluation.first_day) as from_day,
    least(present.to_day, evaluation.to_day) as to_day
  from {{ ref('int_present_findings') }} as present
  cross join {{ ref('int_evaluation_window') }} as evaluation
),

not_assessable as (
  select name as finding_type, from_day, to_day from {{ ref('int_not_assessable') }}
),

assessable as (
  {{ subtract_periods('evaluated', 'not_assessable', ['finding_type'],
    ['finding_type', 'subject_id', 'person_id', 'org_number']) }}
),

-- What was open when a type could no longer be assessed stays open until it can be assessed again.
kept as (
  select
    assessable.finding_type, assessable.subject_id, assessable.person_id, assessable.org_number,
    not_assessable.from_day, not_assessable.to_day
  from assessable
  inner join not_assessable
    on assessable.finding_type = not_assessable.finding_type and assessable.to_day = not_assessable.from_day
),

-- Without this, the subject of a kept finding would also appear with another type of the same group.
other_types_of_kept as (
  select others.finding_type, kept.subject_id, kept.from_day, kept.to_day
  from kept
  inner join types as own on kept.finding_type = own.finding_type
  inner join types as others
    on own.exclusive_group = others.exclusive_group and own.finding_type <> others.finding_type
),

one_type_at_a_time as (
  {{ subtract_periods('assessable', 'other_types_of_kept', ['finding_type', 'subject_id'],
    ['finding_type', 'subject_id', 'person_id', 'org_number']) }}
),

standing as (
  select * from one_type_at_a_time
  union all by name
  select * from kept
),

periods as (
  {{ merge_periods('standing', ['finding_type', 'subject_id']) }}
),

-- Person and org unit, as on the finding's last day.
findings as (
  select
    periods.finding_type, periods.subject_id, periods.from_day, periods.to_day,
    min(standing.person_id) as person_id,
    min(standing.org_number) as org_number
  from periods
  inner join standing
    on periods.finding_type = standing.finding_type and periods.subject_id = standing.subject_id
    and periods.to_day = standing.to_day and standing.from_day < standing.to_day
  group by all
),

identified as (
  select
    substr(md5(findings.finding_type || '|' || findings.subject_id || '|' || findings.from_day), 1, 16) as finding_id,
    coalesce(types.is_on_vfs_position, error(
      'finding type ' || findings.finding_type || ' is missing from dbt_project/seeds/finding_types.csv')) as is_on_vfs_position,
    findings.*
  from findings
  left join types on findings.finding_type = types.finding_type
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
),

-- One number for each chain on a VFS position, else for each finding. Built from a counter, because a late extract can move the
-- date; begins with S-, or spreadsheets take some for numbers.
numbered as (
  select
    *,
    'S-' || upper(substr(md5(
      if(is_on_vfs_position, 'position', finding_type) || '|' || subject_id || '|' || chain_number
    ), 1, 8)) as own_number
  from chains
),

-- Two persons in each other's way are one case (contract#pair): it has the number of the finding that began first.
pairs as (
  select
    finding.finding_id,
    arg_min(first.own_number, (first.from_day, first.subject_id)) as case_number
  from numbered as finding
  inner join {{ ref('int_identity__disputes') }} as disputes
    on finding.finding_type = 'disputed_identity' and finding.subject_id = disputes.person_id
    and disputes.from_day <= finding.from_day and finding.from_day < disputes.to_day
  inner join numbered as first
    on first.finding_type = 'disputed_identity' and disputes.other_person_id = first.subject_id
    and first.from_day <= finding.from_day and finding.from_day < first.to_day
  where (first.from_day, first.subject_id) < (finding.from_day, finding.subject_id)
  group by finding.finding_id
)

select
  chains.finding_id,
  coalesce(pairs.case_number, chains.own_number) as case_number,
  chains.chain_number > 1 as is_returned,
  chains.finding_type,
  chains.subject_id,
  chains.is_on_vfs_position,
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
from numbered as chains
left join pairs using (finding_id)
cross join {{ ref('int_evaluation_window') }} as evaluation
