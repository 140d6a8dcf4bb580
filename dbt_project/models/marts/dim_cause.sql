select codes.cause, codes.label_nb, codes.label_en, codes.meaning_nb, codes.sort_order, {{ of_the_run() }}
from {{ ref('causes') }} as codes
cross join {{ ref('stg_run') }} as run
