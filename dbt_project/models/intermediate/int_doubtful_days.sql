-- The evaluation days whose counts may be too low: HRM or VFS had nothing, nothing fresh, something withheld or something that could
-- not be read, or a finding type could not be assessed.
select distinct daily.evaluation_date
from {{ ref('int_freshness__daily') }} as daily
left join {{ ref('stg_extracts') }} as extracts
  on daily.system = extracts.system and daily.current_extract_date = extracts.extract_date
where daily.system in ('hrm', 'vfs') and (daily.status <> 'fresh' or extracts.may_miss_rows > 0)
union
select daily.evaluation_date
from {{ ref('int_freshness__daily') }} as daily
inner join {{ ref('int_not_assessable') }} as not_assessable
  on not_assessable.from_day <= daily.evaluation_date and daily.evaluation_date < not_assessable.to_day
inner join {{ ref('finding_types') }} as types on not_assessable.name = types.finding_type
