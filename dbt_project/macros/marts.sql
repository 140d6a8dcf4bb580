{# What every mart has of the run (alias `run`): the kommune and the day. #}
{% macro of_the_run() -%}
run.kommune_number, run.kommune_name, run.as_of_date
{%- endmacro %}

{# The name of an org unit, never null: its number where nobody knows a name, «Uten enhet» without a unit (contract#org-name).
   `org_units`: the alias of the joined int_org_units. #}
{% macro org_name(org_number, org_units='org_units') -%}
if({{ org_number }} is null, 'Uten enhet', coalesce({{ org_units }}.name, {{ org_number }}))
{%- endmacro %}

{# Whether a day ends its ISO week or month, or is the as-of date: the days to take of figures that do not add up over time. #}
{% macro period_ends(day) -%}
extract(isodow from {{ day }}) = 7 or {{ day }} = run.as_of_date as is_week_end,
  {{ day }} = last_day({{ day }}) or {{ day }} = run.as_of_date as is_month_end
{%- endmacro %}

{# An age in days as one of five groups, whose text sorts by itself. #}
{% macro age_bucket(days) -%}
case
    when {{ days }} <= 7 then '1: 0–7 dager'
    when {{ days }} <= 30 then '2: 8–30 dager'
    when {{ days }} <= 90 then '3: 31–90 dager'
    when {{ days }} <= 365 then '4: 91–365 dager'
    else '5: over 365 dager'
  end
{%- endmacro %}
