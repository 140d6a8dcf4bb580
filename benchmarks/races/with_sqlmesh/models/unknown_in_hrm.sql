MODEL (name searches.unknown_in_hrm, kind FULL);

-- Positions of persons whom HRM does not know.
SELECT position_id, person_id, org_number, can_log_in FROM staging.unbacked_positions
WHERE hrm_status = 'unknown' AND registered_by IS DISTINCT FROM 'manual'
