-- Every employee that HRM has ever held, from the first day on: an employee once seen stays known.
select employee_id, employee_number, min(from_day) as from_day, any_value(run.as_of_date) + 1 as to_day
from {{ ref('int_hrm__presence') }}
cross join {{ ref('stg_run') }} as run
group by employee_id, employee_number
