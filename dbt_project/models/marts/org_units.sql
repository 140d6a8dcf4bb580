select
  org_units.org_number,
  {{ org_name('org_units.org_number', 'names') }} as org_name,
  org_units.name,
  org_units.type,
  org_units.parent_org_number,
  {{ of_the_run() }}
from {{ ref('int_org_units') }} as org_units
left join {{ ref('int_org_units__names') }} as names on org_units.org_number = names.org_number
cross join {{ ref('stg_run') }} as run
