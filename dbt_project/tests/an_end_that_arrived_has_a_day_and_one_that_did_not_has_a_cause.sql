-- A propagated end without propagated_on would be missing from the figures of how long the transfer takes. An end that
-- did not arrive needs a cause for the sysadmin.
select hrm_position_id, vfs_position_id, status, cause, propagated_on, lag_days
from {{ ref('end_date_propagation') }}
where (status = 'propagated') <> (propagated_on is not null)
  or (status in ('propagated', 'superseded')) <> (cause is null)
  or lag_days is distinct from propagated_on - hrm_end_date_known_on
  or lag_days < 0
