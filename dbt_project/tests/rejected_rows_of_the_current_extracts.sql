-- The lists cannot see the person or position in a rejected row; it should be corrected in its system.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'rejected_rows'}}}) }}
select rejected.system, rejected.extract_date, rejected.file, rejected.line, rejected.column_name, rejected.reason
from {{ ref('rejected_rows') }} as rejected
inner join {{ ref('data_freshness') }} as freshness
  on rejected.system = freshness.system and rejected.extract_date = freshness.current_extract_date
