{{ staged_versions('hrm_positions', ['position_id', 'employee_number', 'org_number', 'position_code', 'position_title', 'percentage', 'start_date', 'end_date']) }}
