MODEL (name searches.stale_position, kind FULL);

-- Positions without HRM behind them, of persons who still work in the kommune.
SELECT position_id, person_id, org_number, can_log_in FROM staging.unbacked_positions
WHERE hrm_status = 'active' AND registered_by IS DISTINCT FROM 'manual'
