-- Positions without HRM behind them, of persons who still work in the kommune.
select position_id, person_id, org_number, can_log_in from {{ ref('unbacked_positions') }}
where hrm_status = 'active' and registered_by is distinct from 'manual'
