{# What the sysadmin does in VFS, in VFS's own words. `remedy` chooses among the macros for each kind of correction. #}

{% macro norwegian_date(day) -%} coalesce(strftime({{ day }}, '%d.%m.%Y'), '–') {%- endmacro %}

{# The remedy of a case; `described` is the alias of a row of int_cases. A finding type without a branch is an error. #}
{% macro remedy(described) -%}
{%- set org_name = 'coalesce(' ~ described ~ '.org_name, ' ~ described ~ '.org_number)' -%}
{{ remedy_of_a_disputed_person(described) }} || coalesce(
  case
    when {{ described }}.is_not_assessable and not {{ described }}.is_on_its_list then {{ remedy_not_assessable() }}
    when {{ described }}.list_mart = 'status_mismatches' then
      {{ remedy_end_position(described, org_name) }}
    when {{ described }}.finding_type = 'inactive_with_access' then
      {{ remedy_remove_access(described ~ '.access_groups', "''") }}
    when {{ described }}.finding_type = 'access_without_position' then
      {{ remedy_remove_access(described ~ '.access_groups', "' ved ' || " ~ org_name) }}
    when {{ described }}.finding_type = 'end_date_not_propagated' then
      {{ remedy_set_end_date(described ~ '.suggested_end_date', org_name) }}
    when {{ described }}.finding_type = 'ended_early_in_vfs' then
      {{ remedy_reopen_position(described ~ '.hrm_end_date', org_name) }}
    when {{ described }}.finding_type = 'kommuneadmin_review' then
      {{ remedy_review_kommuneadmin('coalesce(' ~ described ~ ".access_groups, 'kommuneadmin')") }}
    when {{ described }}.finding_type = 'disputed_identity' then
      {{ remedy_settle_identity(described) }}
  end || {{ remedy_ask(described) }},
  error('finding type ' || {{ described }}.finding_type || ' has no remedy for ' || {{ described }}.subject_id
    || ': add a branch to the macro remedy in dbt_project/macros/remedies.sql')
)
{%- endmacro %}

{# What comes first for somebody whose identity is disputed (contract#disputed-remedy); empty for everybody else. #}
{% macro remedy_of_a_disputed_person(described) -%}
case
  when {{ described }}.is_disputed and {{ described }}.finding_type <> 'disputed_identity' then
    'Avklar identiteten først: ' || {{ described }}.dispute || ' Stemmer koblingen likevel: '
  else ''
end
{%- endmacro %}

{# Whom to ask, where the transfer tells on which side the end date was lost; empty elsewhere. #}
{% macro remedy_ask(described) -%}
case {{ described }}.cause
  when 'not_sent' then ' Spør den som drifter overføringen fra HRM, hvorfor sluttdatoen ikke ble sendt.'
  when 'sent_not_applied' then ' Spør leverandøren av VFS hvorfor sluttdatoen ikke ble tatt imot.'
  else ''
end
{%- endmacro %}

{# With whom an identity is disputed, in a sentence. The arguments are aliases: of a row of int_identity__disputes, and of the names of the
   other employee and the other person. #}
{% macro dispute_sentence(dispute, employee, person) -%}
{%- set other_employee = "'ansatt ' || " ~ dispute ~ ".other_employee_number || coalesce(' (' || nullif(concat_ws(' ', "
  ~ employee ~ ".given_name, " ~ employee ~ ".family_name), '') || ')', '')" -%}
case {{ dispute }}.dispute
  when 'another_employee' then 'Fødselsnummeret i VFS er registrert på ' || {{ other_employee }} || ' i HRM.'
  when 'another_person' then 'Profilen ' || {{ dispute }}.other_person_id
    || coalesce(' (' || nullif(concat_ws(' ', {{ person }}.given_name, {{ person }}.family_name), '') || ')', '')
    || ' i VFS er koblet til den samme ansatte, ' || {{ dispute }}.other_employee_number || '.'
  when 'contradicted' then 'Fødselsnummeret i VFS er et annet enn det HRM har på ' || {{ other_employee }} || '.'
  when 'earlier_bearer' then 'Ansattnummeret brukes nå av en annen i HRM: ' || {{ other_employee }} || '.'
end
{%- endmacro %}

{% macro remedy_end_position(described, org_name) -%}
{%- set cause, suggested_end_date, finding_type, as_of_date = described ~ '.cause', described ~ '.suggested_end_date',
  described ~ '.finding_type', described ~ '.as_of_date' -%}
case
  when {{ cause }} = 'not_started' and {{ suggested_end_date }} <= {{ as_of_date }} then
    'Stillingen er avsluttet i HRM, og VFS har fått datoen: den avsluttes i VFS av seg selv. Du trenger ikke å gjøre noe.'
  when {{ cause }} = 'not_started' then
    'Stillingen i HRM har ikke startet ennå. Avklar startdatoen med lønn/personal. Skal tilgangen vente: Ansattkort > Stillinger > velg stillingen ved '
    || {{ org_name }} || ' > fyll inn «Tilsatt til» > Lagre.'
  when {{ cause }} = 'moved' then
    'HRM har stillingen ved en annen enhet. Ansattkort > Stillinger > velg stillingen ved ' || {{ org_name }}
    || ' > sett «Tilsatt til» til siste arbeidsdag der' || if({{ suggested_end_date }} is null, '', ' (forslag: ' || {{ norwegian_date(suggested_end_date) }} || ')')
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

{% macro remedy_settle_identity(described) -%}
coalesce({{ described }}.dispute || ' ', '')
|| 'Sammenlign med HRM: Ansattkort > Info > rett ansattnummeret > Lagre. Har personen to profiler, avslutt den som ikke skal brukes.'
{%- endmacro %}

{# For a finding that is kept open because its type cannot be assessed now. #}
{% macro remedy_not_assessable() -%}
'Kan ikke vurderes nå: kilden leverer ikke lenger det som trengs. Saken står til den kan vurderes igjen. Se etter på Ansattkort i VFS.'
{%- endmacro %}
