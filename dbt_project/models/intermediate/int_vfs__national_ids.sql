-- The national id of each person in VFS: the last one seen holds, also while VFS shows none or does not hold the person.
{{ national_ids_as_last_seen(ref('stg_vfs__persons'), 'person_id', ['person_id']) }}
