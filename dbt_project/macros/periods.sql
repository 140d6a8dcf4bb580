{#
  Periods are half-open: a row holds on every day d with from_day <= d and d < to_day. A period that still holds ends the
  day after the as-of date. Three operations build all rules: intersection (a join on overlap, its period from intersection),
  merge_periods (union) and subtract_periods (difference).
#}

{# A join condition: the periods of the two relations (aliases) have a day in common. #}
{% macro overlap(first, second) -%}
  {{ first }}.from_day < {{ second }}.to_day and {{ second }}.from_day < {{ first }}.to_day
{%- endmacro %}

{# The intersection of the periods of these relations (aliases), as from_day and to_day. #}
{% macro intersection(relations) -%}
  greatest({% for r in relations %}{{ r }}.from_day{{ ', ' if not loop.last }}{% endfor %}) as from_day,
  least({% for r in relations %}{{ r }}.to_day{{ ', ' if not loop.last }}{% endfor %}) as to_day
{%- endmacro %}

{# A join: the system's first extract after a day, as `extracts.extract_date`; null when there is none. #}
{% macro join_first_extract_after(day, system) -%}
  asof left join (select extract_date from {{ ref('stg_extracts') }} where system = '{{ system }}') as extracts
    on {{ day }} < extracts.extract_date
{%- endmacro %}

{# A condition: the row holds on the as-of date. #}
{% macro holds_today(alias='') -%}
  {%- set p = alias ~ '.' if alias else '' -%}
  {{ p }}to_day > (select as_of_date from {{ ref('stg_run') }})
{%- endmacro %}

{# The union of the periods for each combination of `keys`; the resulting periods neither overlap nor touch. #}
{% macro merge_periods(relation, keys) -%}
  {%- set keys = keys | join(', ') -%}
  select {{ keys }}, min(from_day) as from_day, max(to_day) as to_day
  from (
    select
      {{ keys }}, from_day, to_day,
      count(*) filter (where starts_new_period) over (
        -- The inner window may order equal periods differently: put the one that starts a new period first.
        partition by {{ keys }} order by from_day, to_day, starts_new_period desc rows unbounded preceding
      ) as period_number
    from (
      select
        {{ keys }}, from_day, to_day,
        coalesce(from_day > max(to_day) over (
          partition by {{ keys }} order by from_day, to_day rows between unbounded preceding and 1 preceding
        ), true) as starts_new_period
      from {{ relation }}
      where from_day < to_day
    )
  )
  group by {{ keys }}, period_number
{%- endmacro %}

{# The parts of `minuend`'s periods outside all periods of `subtrahend` with the same `keys`. `subtrahend` must be merged. #}
{% macro subtract_periods(minuend, subtrahend, keys, columns) -%}
  {%- set columns = columns | join(', ') -%}
  select {{ columns }}, part.from_day, part.to_day
  from (
    select
      {{ columns }},
      unnest(case
        when removed_from is null then [{'from_day': from_day, 'to_day': to_day}]
        when nth = 1 then [
          {'from_day': from_day, 'to_day': removed_from},
          {'from_day': removed_to, 'to_day': least(next_removed_from, to_day)}
        ]
        else [{'from_day': removed_to, 'to_day': least(next_removed_from, to_day)}]
      end) as part
    from (
      select
        {% for c in columns.split(', ') %}minuend.{{ c }}, {% endfor %}minuend.from_day, minuend.to_day,
        subtrahend.from_day as removed_from,
        subtrahend.to_day as removed_to,
        lead(subtrahend.from_day) over same_period as next_removed_from,
        row_number() over same_period as nth
      from {{ minuend }} as minuend
      left join {{ subtrahend }} as subtrahend
        on {% for k in keys %}minuend.{{ k }} = subtrahend.{{ k }} and {% endfor %}subtrahend.from_day < minuend.to_day
        and subtrahend.to_day > minuend.from_day
      window same_period as (
        partition by {% for c in columns.split(', ') %}minuend.{{ c }}, {% endfor %}minuend.from_day, minuend.to_day
        order by subtrahend.from_day
      )
    )
  )
  where part.from_day < part.to_day
{%- endmacro %}
