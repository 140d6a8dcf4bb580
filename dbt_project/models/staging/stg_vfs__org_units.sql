{{ staged_versions('vfs_org_units', ['org_number', 'name', 'type', 'parent_org_number']) }}
