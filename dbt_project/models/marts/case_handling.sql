-- How cases were handled, every line as it was recorded.
select
  handling.sequence_number,
  handling.recorded_on,
  handling.case_number,
  handling.finding_type,
  handling.subject_id,
  handling.status,
  handling.handled_by,
  handling.comment,
  handling.claimed_on,
  handling.source,
  handling.place,
  {{ of_the_run() }}
from {{ ref('stg_case_handling') }} as handling
cross join {{ ref('stg_run') }} as run
