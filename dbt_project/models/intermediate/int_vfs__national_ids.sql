-- The national id of each person in VFS: the last one seen holds, also while VFS shows none or does not hold the person.
with seen as (
  select person_id, national_id_hash, from_day
  from {{ ref('stg_vfs__persons') }}
  where national_id_hash is not null
),

changes as (
  select *
  from seen
  qualify national_id_hash is distinct from lag(national_id_hash) over (partition by person_id order by from_day)
)

select
  changes.person_id,
  changes.national_id_hash,
  changes.from_day,
  lead(changes.from_day, 1, run.as_of_date + 1) over (partition by changes.person_id order by changes.from_day) as to_day
from changes
cross join {{ ref('stg_run') }} as run
