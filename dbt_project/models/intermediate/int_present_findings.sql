-- When each finding type is present on which subject, not cut to the evaluation window: one select for each model
-- int_findings__*.
select * from {{ ref('int_findings__unbacked_positions') }}
union all by name
select * from {{ ref('int_findings__end_date_not_propagated') }}
union all by name
select * from {{ ref('int_findings__ended_early_in_vfs') }}
union all by name
select * from {{ ref('int_findings__accesses') }}
union all by name
select * from {{ ref('int_findings__kommuneadmin_review') }}
union all by name
select * from {{ ref('int_findings__disputed_identity') }}
