{{ staged_versions('hrm_positions') }}
