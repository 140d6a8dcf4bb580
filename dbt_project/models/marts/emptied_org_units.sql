select emptied.system, emptied.org_number, emptied.org_name, emptied.emptied_on, emptied.active_positions_before, {{ of_the_run() }}
from {{ ref('int_org_units__emptied') }} as emptied
cross join {{ ref('stg_run') }} as run
