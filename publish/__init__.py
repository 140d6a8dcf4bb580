"""Output: the published set for BI tools, the report and worklists made from it, messages, and the explanation of one case.

    snapshot    the published set: written to a new folder, then swapped as a whole
    contracts   what the marts promise: columns, types, keys, meanings, and what is open to everybody
    open_set    the marts without persons
    postgres    the published set in PostgreSQL
    report      the static pages of the report
    worklists   Excel workbooks and CSV, one for all and one for each school
    alerts      messages: what is due for whom, and whether it arrived
    cases       the cases of a published set, and their numbers as people write them
    headline    how many people have left and can get in
    schools     which units have a page and workbook of their own
    lists       what the report and the worklists are made of
    deliveries  how recent each system is, and the delivery of each day
    trust       how far the lists can be trusted, in words
    pages       what all pages have in common: templates, and a policy for what they may load
    csv_files   CSV that a Norwegian Excel reads
    dossier     everything the warehouse holds about some people
    explain     one case in words: what both systems had, and when
    people      everybody whom words fit, by name or number
    labels      the Norwegian words for codes
    across      the overview across kommuner, without persons
    evidence    the auditor's pack of a period: a page, CSV files and their checksums
    data_problems   the Norwegian words for what is wrong with the data
    guide       the tables of docs/sysadmin.md
    dictionary  the marts and their columns, as a document and for the report
    parallel    many small files at once, in other processes

Belongs here: what outsiders see, read from the marts. Does not belong here: rules about people (SQL in `dbt_project`),
Dagster.
"""
