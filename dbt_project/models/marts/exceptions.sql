-- Every exception approved up to the as-of date, also expired and revoked ones.
select
  exceptions.exception_id,
  exceptions.finding_type,
  exceptions.subject_id,
  exceptions.from_day as approved_on,
  exceptions.until,
  exceptions.reason,
  exceptions.approved_by,
  case when exceptions.revoked_on <= run.as_of_date then exceptions.revoked_on end as revoked_on,
  case when exceptions.revoked_on <= run.as_of_date then exceptions.revoked_by end as revoked_by,
  case
    when exceptions.revoked_on <= run.as_of_date then 'revoked'
    when exceptions.until < run.as_of_date then 'expired'
    else 'in_force'
  end as status,
  {{ of_the_run() }}
from {{ ref('stg_exceptions') }} as exceptions
cross join {{ ref('stg_run') }} as run
where exceptions.from_day <= run.as_of_date
