-- An org number that no system knows counts as a school; a lost leading zero would put a whole school under a wrong name.
-- depends_on: {{ ref('org_units') }} (of which it is a check in Dagster)
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'org_units'}}}) }}
select positions.position_id, positions.org_number
from {{ ref('int_vfs__active_positions') }} as positions
anti join {{ ref('int_org_units') }} as org_units using (org_number)
where {{ holds_today('positions') }}
