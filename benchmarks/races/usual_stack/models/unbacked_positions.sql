-- Active positions in VFS without a position in HRM behind them, and what HRM says of the person.
select v.position_id, v.person_id, v.org_number, v.registered_by, people.can_log_in, case
    when people.employee_number is null then 'unknown'
    when people.employee_number in (select employee_number from {{ ref('active_hrm_positions') }} where started) then 'active'
    else 'inactive' end as hrm_status
from {{ ref('vfs_positions') }} as v
join {{ ref('people') }} as people on people.person_id = v.person_id
cross join {{ ref('today') }} as today
where v.dbt_valid_to is null
  and coalesce(try_cast(v.start_date as date) <= today.day, true)
  and coalesce(try_cast(v.end_date as date) >= today.day, true)
  and not exists (
    select 1 from {{ ref('active_hrm_positions') }} as h
    where h.employee_number = people.employee_number and (
      h.org_number = v.org_number
      or h.position_id = v.hrm_position_id and h.org_number not in (select org_number from {{ source('raw', 'vfs_org_units') }})))
