{# A number without leading zeros, white space and capitals. #}
{% macro bare_number(number) -%}
ltrim(lower(regexp_replace({{ number }}, '[\s\x{00A0}]', '', 'g')), '0')
{%- endmacro %}
