select finding_type, subject_id, approved_on as from_day, until + 1 as to_day, reason, approved_by
from {{ source('ingest', 'exceptions') }}
