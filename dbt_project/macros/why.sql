{# Why there is a case, in a sentence for the sysadmin. `described`, `causes` and `review_reasons` are aliases of relations. #}
{% macro why(described, causes, review_reasons) -%}
case {{ described }}.finding_type
  when 'end_date_not_propagated' then
    'HRM har sluttdato ' || {{ norwegian_date(described ~ '.hrm_end_date') }}
    || ', kjent siden ' || {{ norwegian_date(described ~ '.hrm_end_date_known_on') }}
    || '. VFS har ' || if({{ described }}.vfs_end_date is null, 'ingen', {{ norwegian_date(described ~ '.vfs_end_date') }}) || '.'
    || coalesce(' ' || {{ why_not_arrived(described, causes) }}, '')
  when 'ended_early_in_vfs' then
    'HRM har stillingen som aktiv, men VFS har ingen løpende stilling for personen ved enheten.'
  when 'inactive_with_access' then
    'Ingen aktiv stilling ved noen skole, men ' || coalesce({{ the_accesses(described) }}, 'en tilgang') || ' virker fortsatt.'
  when 'access_without_position' then
    'Ingen aktiv stilling ved skolen, men ' || coalesce({{ the_accesses(described) }}, 'en tilgang') || ' virker fortsatt der.'
  when 'disputed_identity' then
    coalesce({{ described }}.dispute, {{ described }}.meaning_nb)
  when 'kommuneadmin_review' then
    'Har tilgang som kommuneadmin og ' || coalesce({{ review_reasons }}.label_nb, 'kan ikke vurderes nå') || '.'
  else
    case
      when {{ described }}.cause = 'not_started' and {{ described }}.hrm_end_date <= {{ described }}.as_of_date then
        'Stillingen er avsluttet i HRM, og VFS har fått sluttdatoen ' || {{ norwegian_date(described ~ '.hrm_end_date') }} || '.'
      else coalesce({{ why_not_arrived(described, causes) }}, {{ described }}.meaning_nb)
    end
end
{%- endmacro %}

{# What the cause means; of an end date that was not sent also the known reason, that it was set back in time. #}
{% macro why_not_arrived(described, causes) -%}
{{ causes }}.meaning_nb || if(
  {{ described }}.cause = 'not_sent' and {{ described }}.is_backdated,
  ' Den ble satt tilbake i tid, og slike datoer overføres ikke til VFS.', ''
)
{%- endmacro %}
