{# Every row has the run's as-of date: otherwise a mart of another day would be published as today's. #}
{% test of_the_runs_day(model) %}
select distinct as_of_date
from {{ model }}
where as_of_date is distinct from (select as_of_date from {{ ref('stg_run') }})
{% endtest %}
