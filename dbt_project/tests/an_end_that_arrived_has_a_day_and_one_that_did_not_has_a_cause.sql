-- A propagated end without its day would fall out of the figures of how long the transfer takes; an end that did not
-- arrive without a cause would leave the sysadmin without the why.
select hrm_position_id, vfs_position_id, status, cause, propagated_on, lag_days
from {{ ref('end_date_propagation') }}
where (status = 'propagated') <> (propagated_on is not null)
  or (status in ('propagated', 'superseded')) <> (cause is null)
  or lag_days is distinct from propagated_on - hrm_end_date_known_on
  or lag_days < 0
