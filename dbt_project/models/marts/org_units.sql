select org_units.org_number, org_units.name, org_units.type, org_units.parent_org_number, run.as_of_date
from {{ ref('int_org_units') }} as org_units
cross join {{ ref('stg_run') }} as run
