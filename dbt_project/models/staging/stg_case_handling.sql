-- How cases are handled, line by line as it was recorded up to the as-of date.
select handling.*
from {{ source('ingest', 'case_handling') }} as handling
cross join {{ ref('stg_run') }} as run
where handling.recorded_on <= run.as_of_date
