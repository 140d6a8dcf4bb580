{{ staged_versions('hrm_org_units') }}
