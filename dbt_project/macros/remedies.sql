{# What the sysadmin does in VFS, in VFS's own words. One macro for each kind of mending. #}

{% macro norwegian_date(day) -%} strftime({{ day }}, '%d.%m.%Y') {%- endmacro %}

{% macro remedy_end_position(finding_type, cause, suggested_end_date, org_name) -%}
case
  when {{ cause }} = 'not_started' then
    'Stillingen i HRM har ikke startet ennå. Avklar startdatoen med lønn/personal. Skal tilgangen vente: Ansattkort > Stillinger > velg stillingen ved '
    || {{ org_name }} || ' > fyll inn «Tilsatt til» > Lagre.'
  when {{ cause }} = 'moved' then
    'HRM har stillingen ved en annen enhet. Ansattkort > Stillinger > velg stillingen ved ' || {{ org_name }}
    || ' > sett «Tilsatt til» til siste arbeidsdag der' || coalesce(' (forslag: ' || {{ norwegian_date(suggested_end_date) }} || ')', '')
    || ' > Lagre.'
  when {{ suggested_end_date }} is not null then
    'Ansattkort > Stillinger > velg stillingen ved ' || {{ org_name }} || ' > sett «Tilsatt til» til '
    || {{ norwegian_date(suggested_end_date) }} || ' > Lagre. Tilgangen som hører til stillingen, blir borte når datoen er passert.'
  when {{ finding_type }} = 'manual_position' then
    'Stillingen er registrert manuelt og avsluttes aldri av seg selv. Avklar med ' || {{ org_name }}
    || ' om den fortsatt trengs. Hvis ikke: Ansattkort > Stillinger > velg stillingen > sett «Tilsatt til» til gårsdagens dato > Lagre.'
  when {{ finding_type }} = 'unknown_in_hrm' then
    'Personen finnes ikke i HRM. Sjekk ansattnummer på Ansattkort > Info. Er personen sluttet: Ansattkort > Stillinger > velg stillingen ved '
    || {{ org_name }} || ' > sett «Tilsatt til» til gårsdagens dato > Lagre.'
  else
    'HRM har ingen stilling som svarer til denne. Avklar siste arbeidsdag med ' || {{ org_name }}
    || ', og fyll inn den: Ansattkort > Stillinger > velg stillingen > «Tilsatt til» > Lagre.'
end
{%- endmacro %}

{% macro remedy_remove_access(access_groups, where_) -%}
'Ansattkort > Info > fjern tilgangen ' || {{ access_groups }} || {{ where_ }} || ' > Lagre.'
{%- endmacro %}
