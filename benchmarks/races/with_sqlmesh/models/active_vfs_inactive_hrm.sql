MODEL (name searches.active_vfs_inactive_hrm, kind FULL);

-- Persons who have left, but not in VFS.
SELECT position_id, person_id, org_number, can_log_in FROM staging.unbacked_positions
WHERE hrm_status = 'inactive'
