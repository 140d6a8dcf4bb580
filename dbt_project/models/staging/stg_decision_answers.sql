-- What became of the rows of filled-in worklists up to the as-of date.
select answers.*
from {{ source('ingest', 'decision_answers') }} as answers
cross join {{ ref('stg_run') }} as run
where answers.taken_in_on <= run.as_of_date
