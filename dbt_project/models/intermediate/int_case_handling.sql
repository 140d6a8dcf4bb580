-- How each case is handled now, and what became of the claim that it is done (contract#claim): a later VFS extract that still shows
-- it contradicts the claim, and then it has no status any more.
with handling as (
  select
    case_number, status, handled_by, comment, claimed_on, recorded_on
  from {{ ref('stg_case_handling') }}
  qualify row_number() over (partition by case_number order by sequence_number desc) = 1
),

vfs as (
  select max(extract_date) as extract_date from {{ ref('stg_extracts') }} where system = 'vfs'
),

-- Whose rows in VFS cannot be read now: they neither confirm nor contradict what somebody did.
kept as (
  select key_values[1] as person_id
  from {{ ref('stg_vfs__kept_rows') }} where table_name in ('persons', 'accesses') and key_values[1] is not null
  union
  select positions.person_id
  from {{ ref('stg_vfs__kept_rows') }} as kept_rows
  inner join {{ ref('stg_vfs__positions') }} as positions
    on kept_rows.table_name = 'positions' and kept_rows.key_values[1] = positions.position_id and {{ holds_today('positions') }}
),

-- Cases that the current extracts show, and do not only keep open.
shown as (
  select distinct case_number
  from {{ ref('int_findings') }}
  where resolved_on is null
    and finding_type not in (select name from {{ ref('int_not_assessable') }} where {{ holds_today() }})
    and person_id not in (select person_id from kept)
),

unresolved as (
  select distinct case_number from {{ ref('int_findings') }} where resolved_on is null
),

judged as (
  select
    handling.*,
    case
      when handling.claimed_on is null then null
      when unresolved.case_number is null then 'confirmed'
      when shown.case_number is not null and vfs.extract_date > handling.claimed_on then 'contradicted'
      else 'pending'
    end as claim
  from handling
  left join unresolved using (case_number)
  left join shown using (case_number)
  cross join vfs
)

select
  case_number,
  if(claim = 'contradicted', null, status) as handling_status,
  handled_by,
  comment as handling_comment,
  recorded_on as handled_on,
  claimed_on,
  claim
from judged
