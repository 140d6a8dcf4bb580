-- The national id of each employee: the last one seen holds, also while HRM shows none or does not hold the employee.
{{ national_ids_as_last_seen(ref('int_hrm__employees'), 'employee_id', ['employee_id', 'employee_number', 'bearer_number']) }}
