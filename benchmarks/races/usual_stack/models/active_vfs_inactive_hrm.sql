-- Persons who have left, but not in VFS.
select position_id, person_id, org_number, can_log_in from {{ ref('unbacked_positions') }}
where hrm_status = 'inactive'
