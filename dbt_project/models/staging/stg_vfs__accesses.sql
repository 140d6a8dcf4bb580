{{ staged_versions('vfs_accesses') }}
