-- What the transfer tells of each end date of HRM since it was known: whether it was sent (contract#transfer-cause). Where the
-- transfer cannot tell, there is no row.
with transfers as (
  select extract_date from {{ ref('stg_transfer__extracts') }}
),

ends as (
  select position_id, employee_number, hrm_end_date, hrm_end_date_known_on
  from {{ ref('int_hrm__end_dates') }} where hrm_end_date is not null
),

-- Between two transfers nothing is sent, so a version tells of the transfers in it and not of all its days.
sent as (
  select distinct ends.position_id
  from ends
  inner join {{ ref('stg_transfer__positions') }} as versions
    on ends.position_id = versions.position_id and ends.hrm_end_date = versions.end_date
  asof inner join transfers on versions.to_day > transfers.extract_date
  where transfers.extract_date >= ends.hrm_end_date_known_on
),

-- A row that was not taken in may have been it.
may_have_been_sent as (
  select distinct ends.position_id
  from ends
  inner join {{ ref('rejected_rows') }} as rejected
    on rejected.system = 'transfer' and rejected.extract_date >= ends.hrm_end_date_known_on
    and rejected.key in ('', 'position_id=' || ends.position_id, 'employee_number=' || ends.employee_number)
),

-- Where it holds positions, and not one that HRM has ever held, its ids are not HRM's.
ids as (
  select coalesce(bool_or(position_id in (select position_id from {{ ref('int_hrm__end_dates') }})), true) as are_hrms
  from {{ ref('stg_transfer__positions') }}
)

select ends.position_id, sent.position_id is not null as was_sent
from ends
cross join ids
left join sent using (position_id)
left join may_have_been_sent using (position_id)
where sent.position_id is not null or (
  ids.are_hrms and may_have_been_sent.position_id is null
  and ends.hrm_end_date_known_on <= (select max(extract_date) from transfers)
)
