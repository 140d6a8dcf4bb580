{# Schemas are named as in the project, without a prefix, so that asset keys equal names in the warehouse. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ custom_schema_name or target.schema }}
{%- endmacro %}
