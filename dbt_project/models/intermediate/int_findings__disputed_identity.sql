-- Persons whose identity is disputed (contract#disputed-identity).
with disputed as (
  {{ merge_periods(ref('int_identity__disputes'), ['person_id']) }}
)

select
  'disputed_identity' as finding_type, person_id as subject_id, person_id, null::varchar as org_number, from_day, to_day
from disputed
