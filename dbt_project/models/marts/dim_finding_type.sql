select codes.finding_type, codes.label_nb, codes.label_en, codes.meaning_nb, codes.sort_order, codes.severity, codes.vfs_search, {{ of_the_run() }}
from {{ ref('finding_types') }} as codes
cross join {{ ref('stg_run') }} as run
