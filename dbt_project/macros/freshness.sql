{#- When a system's rows would have been loaded, were it now as of the as-of date: dbt measures ages by its own clock. A system that is
    withheld or missing has no such moment, as no age tells it; a transfer that was never delivered is not late.
    What is current, withheld and how old, is told by `data_freshness` alone, so this is as of the last `dbt build`. -#}
{% macro as_if_loaded_at(system) -%}
  select
    case
      when count(*) = 0 and '{{ system }}' = 'transfer' then {{ dbt.current_timestamp() }}
      when bool_and(status in ('fresh', 'stale')) then {{ dbt.current_timestamp() }} - to_hours(24 * max(age_days))
    end
  from marts.data_freshness
  where system = '{{ system }}'
{%- endmacro %}
