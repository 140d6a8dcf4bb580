{# What the sysadmin does in VFS, in VFS's own words. One macro for each kind of mending. #}

{% macro norwegian_date(day) -%} strftime({{ day }}, '%d.%m.%Y') {%- endmacro %}

{% macro remedy_end_position(finding_type, cause, suggested_end_date, org_name, as_of_date) -%}
case
  when {{ cause }} = 'not_started' and {{ suggested_end_date }} <= {{ as_of_date }} then
    'Stillingen er avsluttet i HRM, og VFS har fått datoen: den avsluttes i VFS av seg selv. Du trenger ikke å gjøre noe.'
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

{% macro remedy_set_end_date(end_date, org_name) -%}
'HRM har sluttdato, men VFS har den ikke. Ansattkort > Stillinger > velg stillingen ved ' || {{ org_name }}
|| ' > sett «Tilsatt til» til ' || {{ norwegian_date(end_date) }} || ' > Lagre.'
{%- endmacro %}

{% macro remedy_reopen_position(hrm_end_date, org_name) -%}
'Personen arbeider fortsatt ved ' || {{ org_name }} || ' ifølge HRM, men har ingen løpende stilling der i VFS. Er HRM riktig: Ansattkort > Stillinger > '
|| case
  when {{ hrm_end_date }} is null then 'fjern «Tilsatt til»'
  else 'sett «Tilsatt til» til ' || {{ norwegian_date(hrm_end_date) }}
end || ', eller legg til stillingen på nytt > Lagre. Er VFS riktig: si fra til lønn/personal, så HRM blir rettet.'
{%- endmacro %}

{% macro remedy_review_kommuneadmin(access_groups) -%}
'Avklar om personen fortsatt skal være kommuneadmin. Hvis ikke: Ansattkort > Info > fjern tilgangen ' || {{ access_groups }}
|| ' > Lagre. Hvis ja: bekreft tilgangen til en dato, så kommer den tilbake når datoen er passert.'
{%- endmacro %}

{% macro remedy_settle_identity() -%}
'Ansattnummer og fødselsnummer peker på ulike personer, eller flere profiler på samme ansatt. Sammenlign med HRM: Ansattkort > Info > rett ansattnummeret > Lagre. Har personen to profiler, avslutt den som ikke skal brukes.'
{%- endmacro %}

{# Of a finding kept open because its sources can no longer tell. #}
{% macro remedy_not_assessable() -%}
'Kan ikke vurderes nå: kilden leverer ikke lenger det som trengs. Saken står til den kan vurderes igjen. Se etter på Ansattkort i VFS.'
{%- endmacro %}
