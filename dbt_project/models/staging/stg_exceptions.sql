-- Approved exceptions and the periods in which they hold. A revoked one no longer holds on the day of its revocation.
select
  exception_id, finding_type, subject_id,
  approved_on as from_day,
  least(until + 1, revoked_on) as to_day,
  until, reason, approved_by, revoked_on, revoked_by
from {{ source('ingest', 'exceptions') }}
