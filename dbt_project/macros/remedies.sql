{# What the sysadmin does in VFS, in VFS's own words. `remedy` chooses among the macros for each kind of correction. #}

{% macro norwegian_date(day) -%} coalesce(strftime({{ day }}, '%d.%m.%Y'), '–') {%- endmacro %}

{# The items of a list expression in a sentence: `a`, `a og b`, `a, b og c`. #}
{% macro listed(items) -%}
list_transform([{{ items }}], lambda l: if(len(l) < 2, l[1], array_to_string(l[:-2], ', ') || ' og ' || l[-1]))[1]
{%- endmacro %}

{# A name in parentheses after what is named, or nothing. `named`: an alias with given_name and family_name. #}
{% macro in_parentheses(named) -%}
coalesce(' (' || nullif(concat_ws(' ', {{ named }}.given_name, {{ named }}.family_name), '') || ')', '')
{%- endmacro %}

{# The remedy of a case; `described` is the alias of a row of int_cases. A finding type without a branch is an error. #}
{% macro remedy(described) -%}
  {%- set org_name = described ~ '.org_name' -%}
{{ remedy_of_a_disputed_person(described) }} || coalesce(
  case
    when {{ described }}.is_not_assessable and not {{ described }}.is_on_its_list then {{ remedy_not_assessable() }}
    when {{ described }}.list_mart = 'status_mismatches' then
      {{ remedy_end_position(described, org_name) }}
    when {{ described }}.finding_type = 'inactive_with_access' then
      {{ remedy_remove_access(described, "''") }}
    when {{ described }}.finding_type = 'access_without_position' then
      {{ remedy_remove_access(described, "' ved ' || " ~ org_name) }}
    when {{ described }}.finding_type = 'end_date_not_propagated' then
      'HRM har sluttdato, men VFS har den ikke. ' || {{ end_the_position(described, org_name, described ~ '.date_to_set') }}
    when {{ described }}.finding_type = 'ended_early_in_vfs' then
      {{ remedy_reopen_position(described ~ '.hrm_end_date', org_name) }}
    when {{ described }}.finding_type = 'kommuneadmin_review' then
      {{ remedy_review_kommuneadmin(described) }}
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

{# With whom an identity is disputed, in a sentence. The arguments are aliases: of a row of int_identity__disputes, and of the names of
   the other employee, the person and the other person. Of a pair both rows say the same (contract#pair). #}
{% macro dispute_sentence(dispute, employee, own, other) -%}
{%- set other_employee = "'ansatt ' || " ~ dispute ~ ".other_employee_number || " ~ in_parentheses(employee) -%}
{%- set one = dispute ~ ".person_id || " ~ in_parentheses(own) -%}
{%- set another = dispute ~ ".other_person_id || " ~ in_parentheses(other) -%}
case {{ dispute }}.dispute
  when 'another_employee' then 'Fødselsnummeret på profilen ' || {{ one }} || ' i VFS er registrert på ' || {{ other_employee }} || ' i HRM.'
  when 'another_person' then
    'Profilene ' || if({{ dispute }}.person_id < {{ dispute }}.other_person_id,
      {{ one }} || ' og ' || {{ another }}, {{ another }} || ' og ' || {{ one }})
    || ' i VFS er koblet til den samme ansatte i HRM: ' || {{ other_employee }} || '.'
  when 'contradicted' then
    'Fødselsnummeret på profilen ' || {{ one }} || ' i VFS er et annet enn det HRM har på ' || {{ other_employee }} || '.'
  when 'earlier_bearer' then
    'Ansattnummeret på profilen ' || {{ one }} || ' i VFS brukes nå av en annen i HRM: ' || {{ other_employee }} || '.'
end
{%- endmacro %}

{# How to set the last day of a position. VFS ends the position at once when yesterday or an earlier day is filled in, else on the day
   after. Which position is meant is said where the person has several at the unit. #}
{% macro end_the_position(described, org_name, day) -%}
'Ansattkort > Stillinger > velg ' || {{ the_position(described, org_name) }} || ' > sett «Tilsatt til» til ' || {{ norwegian_date(day) }}
|| ' > Lagre. Stillingen og tilgangen avsluttes '
|| if({{ day }} < {{ described }}.as_of_date, 'med en gang.', 'dagen etter.')
{%- endmacro %}

{% macro the_position(described, org_name) -%}
concat_ws(' ', 'stillingen',
  if({{ described }}.positions_there > 1, '«' || {{ described }}.role || '»', null),
  if({{ described }}.positions_there > 1, 'med «Tilsatt fra» ' || strftime({{ described }}.start_date, '%d.%m.%Y'), null),
  'ved ' || {{ org_name }})
{%- endmacro %}

{# The last day to fill in for a position, where the remedy names one: the suggested one, else HRM's own last day of somebody who has
   left, else yesterday where nobody can know. #}
{% macro date_to_set(described) -%}
case
  when {{ described }}.finding_type = 'ended_early_in_vfs' then {{ described }}.hrm_end_date
  when coalesce({{ described }}.cause in ('moved', 'not_started'), false) then null
  when {{ described }}.list_mart = 'status_mismatches' then coalesce(
    {{ described }}.suggested_end_date, {{ described }}.last_day_in_hrm,
    case when {{ described }}.finding_type in ('manual_position', 'unknown_in_hrm') then {{ described }}.as_of_date - 1 end)
  when {{ described }}.finding_type = 'end_date_not_propagated' then {{ described }}.suggested_end_date
end
{%- endmacro %}

{# Whether VFS has the end date, so that the position ends there without anybody doing anything. #}
{% macro ends_by_itself(described) -%}
coalesce({{ described }}.cause = 'not_started' and {{ described }}.suggested_end_date <= {{ described }}.as_of_date, false)
{%- endmacro %}

{% macro remedy_end_position(described, org_name) -%}
{%- set cause, suggested_end_date, finding_type, as_of_date = described ~ '.cause', described ~ '.suggested_end_date',
  described ~ '.finding_type', described ~ '.as_of_date' -%}
{%- set date_to_set = described ~ '.date_to_set' -%}
case
  when {{ described }}.ends_by_itself then
    'Stillingen er avsluttet i HRM, og VFS har fått datoen. Den avsluttes i VFS av seg selv, så du trenger ikke å gjøre noe.'
  when {{ cause }} = 'not_started' then
    'Stillingen i HRM har ikke startet ennå. Avklar startdatoen med lønn/personal. Skal tilgangen vente: Ansattkort > Stillinger > velg '
    || {{ the_position(described, org_name) }} || ' > fyll inn «Tilsatt til» > Lagre.'
  when {{ cause }} = 'moved' then
    'HRM har stillingen ved en annen enhet. Ansattkort > Stillinger > velg ' || {{ the_position(described, org_name) }}
    || ' > sett «Tilsatt til» til siste arbeidsdag der'
    || if({{ suggested_end_date }} < {{ as_of_date }}, ', senest ' || {{ norwegian_date(suggested_end_date) }}, '') || ' > Lagre.'
  when {{ suggested_end_date }} is not null then {{ end_the_position(described, org_name, date_to_set) }}
  when {{ described }}.last_day_in_hrm is not null then
    'Siste arbeidsdag i HRM er ' || {{ norwegian_date(date_to_set) }} || '. ' || {{ end_the_position(described, org_name, date_to_set) }}
  when {{ finding_type }} = 'manual_position' then
    'Stillingen er registrert manuelt og avsluttes aldri av seg selv. Avklar med ' || {{ org_name }}
    || ' om den fortsatt trengs. Hvis ikke: ' || {{ end_the_position(described, org_name, date_to_set) }}
  when {{ finding_type }} = 'unknown_in_hrm' then
    'Personen finnes ikke i HRM. Sjekk ansattnummeret på Ansattkort > Info. Har personen sluttet: '
    || {{ end_the_position(described, org_name, date_to_set) }}
  else
    'HRM har ingen stilling som svarer til denne. Avklar siste arbeidsdag med ' || {{ org_name }}
    || ', og fyll den inn: Ansattkort > Stillinger > velg ' || {{ the_position(described, org_name) }} || ' > «Tilsatt til» > Lagre.'
end
{%- endmacro %}

{% macro remedy_remove_access(described, where_) -%}
'Ansattkort > Info > fjern ' || {{ the_accesses(described) }} || {{ where_ }} || ' > Lagre.'
{%- endmacro %}

{# The accesses of a case: `tilgangen «Lærer»`, `tilgangene «Lærer» og «Kontor»`; of several units with their names. #}
{% macro the_accesses(described) -%}
if({{ described }}.accesses > 1, 'tilgangene ', 'tilgangen ') || {{ described }}.named_accesses
{%- endmacro %}

{% macro remedy_reopen_position(hrm_end_date, org_name) -%}
'Personen arbeider fortsatt ved ' || {{ org_name }} || ' ifølge HRM, men har ingen løpende stilling der i VFS. Er HRM riktig: Ansattkort > Stillinger > '
|| case
  when {{ hrm_end_date }} is null then 'fjern «Tilsatt til»'
  else 'sett «Tilsatt til» til ' || {{ norwegian_date(hrm_end_date) }}
end || ', eller legg til stillingen på nytt > Lagre. Er VFS riktig: Si fra til lønn/personal, så HRM blir rettet.'
{%- endmacro %}

{% macro remedy_review_kommuneadmin(described) -%}
'Avklar om personen fortsatt skal være kommuneadmin. Hvis ikke: Ansattkort > Info > fjern '
|| coalesce({{ the_accesses(described) }}, 'tilgangen som kommuneadmin')
|| ' > Lagre. Hvis ja: Bekreft tilgangen til en dato på arket Kommuneadmin i arbeidsboken. Saken kommer tilbake når datoen er passert.'
{%- endmacro %}

{% macro remedy_settle_identity(described) -%}
coalesce({{ described }}.dispute || ' ', '') || if(coalesce({{ described }}.is_pair, false),
  'Er det samme person: Avslutt profilen som ikke skal brukes. Er det to personer: Sammenlign med HRM, og rett ansattnummeret: Ansattkort > Info > Lagre.',
  'Sammenlign navn og ansattnummer med HRM. Er ansattnummeret feil: Ansattkort > Info > rett ansattnummeret > Lagre. '
  || 'Er fødselsnummeret i HRM feil: Si fra til lønn/personal.')
{%- endmacro %}

{# For a finding that is kept open because its type cannot be assessed now. #}
{% macro remedy_not_assessable() -%}
'Kan ikke vurderes nå: Kilden leverer ikke lenger det som trengs. Saken står til den kan vurderes igjen. Se etter på Ansattkort i VFS.'
{%- endmacro %}
