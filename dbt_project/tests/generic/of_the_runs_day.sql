{# Every row is of the run's as-of date: a mart left over from another day would be published as if it were of today. #}
{% test of_the_runs_day(model) %}
select distinct as_of_date
from {{ model }}
where as_of_date is distinct from (select as_of_date from {{ ref('stg_run') }})
{% endtest %}
