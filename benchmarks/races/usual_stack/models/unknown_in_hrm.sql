-- Positions of persons whom HRM does not know.
select position_id, person_id, org_number, can_log_in from {{ ref('unbacked_positions') }}
where hrm_status = 'unknown' and registered_by is distinct from 'manual'
