{{ staged_versions('hrm_employees', ['employee_number', 'national_id_hash', 'given_name', 'family_name', 'email']) }}
