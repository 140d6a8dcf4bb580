{{ staged_versions('vfs_accesses', ['person_id', 'access_group', 'org_number', 'start_date', 'position_id', 'end_date']) }}
