-- The days of all years that an evaluation day or the as-of date lies in. A day after the as-of date ends no period yet.
with days as (
  select
    unnest(generate_series(
      date_trunc('year', coalesce((select first_day from {{ ref('int_evaluation_window') }}), as_of_date)),
      make_date(year(as_of_date), 12, 31), interval 1 day
    ))::date as date_day
  from {{ ref('stg_run') }}
)

select
  days.date_day,
  year(days.date_day)::integer as year,
  quarter(days.date_day)::integer as quarter,
  month(days.date_day)::integer as month,
  (['januar', 'februar', 'mars', 'april', 'mai', 'juni', 'juli', 'august', 'september', 'oktober', 'november', 'desember'])
    [month(days.date_day)] as month_name_nb,
  extract(isoyear from days.date_day)::integer as iso_year,
  extract(week from days.date_day)::integer as iso_week,
  isodow(days.date_day)::integer as weekday,
  (['mandag', 'tirsdag', 'onsdag', 'torsdag', 'fredag', 'lørdag', 'søndag'])[isodow(days.date_day)] as weekday_name_nb,
  -- A school year begins on 1 August.
  year(days.date_day - interval 7 month) || '/' || (year(days.date_day - interval 7 month) + 1) as school_year,
  {{ period_ends('days.date_day') }},
  {{ of_the_run() }}
from days
cross join {{ ref('stg_run') }} as run
