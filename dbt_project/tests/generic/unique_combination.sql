{# No two rows have the same values in `columns`; null counts as a value. #}
{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }}, count(*) as times
from {{ model }}
group by all
having count(*) > 1
{% endtest %}
