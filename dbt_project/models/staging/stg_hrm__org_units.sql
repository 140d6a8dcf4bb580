{{ staged_versions('hrm_org_units', ['org_number', 'name', 'type', 'parent_org_number']) }}
