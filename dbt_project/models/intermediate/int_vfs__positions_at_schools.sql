-- The periods in which a person has an active position at some school.
with at_schools as (
  {{ subtract_periods(
    ref('int_vfs__active_positions'), ref('int_org_units__not_schools'), ['org_number'],
    ['person_id', 'org_number']
  ) }}
)

{{ merge_periods('at_schools', ['person_id']) }}
