{# Every value of a column is a code of the catalogue: one in column `code` of the seed `catalogue`, among the rows with this
   `status_of` or condition `where_` if given. #}
{% test is_a_code(model, column_name, catalogue, code, status_of=none, where_=none) %}
select values_.{{ column_name }} as unknown_code, count(*) as times
from {{ model }} as values_
anti join (
  select {{ code }} as known from {{ ref(catalogue) }}
  {% if status_of %}where status_of = '{{ status_of }}'{% elif where_ %}where {{ where_ }}{% endif %}
) as codes on values_.{{ column_name }} = codes.known
where values_.{{ column_name }} is not null
group by all
{% endtest %}
