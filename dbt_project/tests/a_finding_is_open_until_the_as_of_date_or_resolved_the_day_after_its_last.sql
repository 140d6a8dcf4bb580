-- An open finding that ends before today, or a resolved one without resolved_on, makes ages and curves wrong.
select finding_id, status, first_seen_on, last_seen_on, resolved_on, problem_since
from {{ ref('findings') }}
where (status = 'resolved') <> (resolved_on is not null)
  or last_seen_on <> coalesce(resolved_on - 1, as_of_date)
  or first_seen_on > last_seen_on
  or problem_since > first_seen_on
