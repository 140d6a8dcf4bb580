{{ config(materialized='table') }}
-- The periods in which each finding was open: present, and not excepted.
with exceptions as (
  {{ merge_periods(ref('stg_exceptions'), ['finding_type', 'subject_id']) }}
)

{{ subtract_periods(ref('int_findings'), 'exceptions', ['finding_type', 'subject_id'],
  ['finding_id', 'case_number', 'finding_type', 'subject_id', 'person_id', 'org_number']) }}
