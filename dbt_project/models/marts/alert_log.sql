-- The messages sent. A view, so that messages sent after the evaluation are in the next published set.
{{ config(materialized='view') }}

select
  log.message_id,
  log.recipient,
  log.told_on,
  log.event,
  log.finding_type,
  log.subject_id,
  log.case_number,
  log.org_number,
  {{ org_name('log.org_number') }} as org_name,
  log.case_count,
  log.fingerprint,
  log.state,
  log.is_uncertain,
  {{ of_the_run() }}
from {{ source('ingest', 'alert_log') }} as log
left join {{ ref('int_org_units__names') }} as org_units on log.org_number = org_units.org_number
cross join {{ ref('stg_run') }} as run
where log.told_on <= run.as_of_date
