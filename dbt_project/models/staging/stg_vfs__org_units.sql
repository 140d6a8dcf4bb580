{{ staged_versions('vfs_org_units') }}
