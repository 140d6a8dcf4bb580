MODEL (name staging.vfs_org_units, kind FULL, columns (org_number TEXT));

SELECT org_number FROM read_csv('inbox/vfs/' || @execution_ds || '/org_units.csv', all_varchar = true)
