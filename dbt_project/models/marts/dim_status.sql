select codes.status_of, codes.status, codes.label_nb, codes.label_en, codes.meaning_nb, codes.sort_order, {{ of_the_run() }}
from {{ ref('statuses') }} as codes
cross join {{ ref('stg_run') }} as run
