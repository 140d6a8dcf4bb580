{{ staged_versions('hrm_employees') }}
