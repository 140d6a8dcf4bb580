"""Source adapters. Each turns one source into raw canonical tables for one extract date, whole or not at all.

    base             what an adapter is, registration, and the source of a system, made of its adapters
    catalogue        which adapters there are
    file_drop        base of adapters that read files
    pulled           base of adapters that pull from a server; paging, whole or not at all
    http             requests to a server: a deadline, retries, tokens, redirects, limits
    rows             raw tables from single records
    delimited        text files of delimited columns
    excel            sheets of Excel workbooks
    file_kinds       what a file is that is no text or no workbook
    xml              XML in pieces, without entities and external references
    csv_folder       the `csv` adapter
    export           the `export` adapter: a CSV or Excel export of VFS's employee search, or a flat file of HRM
    propose          proposes the settings that read an export or a flat file
    fint             the `fint` adapter: settings, and requests
    fint_format      the `fint` adapter: the mapping to canonical columns
    visma_hrm        the `visma_hrm` adapter: requests
    hrm_ws           the `visma_hrm` adapter: the format of the answer
    visma_net        the `visma_net` adapter
    oneroster        the `oneroster` adapter: by REST or from files
    oneroster_format  the `oneroster` adapter: settings, and the mapping to canonical columns
    oneroster_rest   the `oneroster` adapter: pages of a server
    oneroster_files  the `oneroster` adapter: CSV files in a folder or a zip
    pifu             the `pifu` adapter
    hrm_files        what files of HRM systems have in common: one employer, units by codes of their own
    stamdata3        the `stamdata3` adapter
    paga             the `paga` adapter

Belongs here: protocols, files, encodings, headings. Does not belong here: what a valid row is (`ingest.door`),
where extracts are kept (`ingest.landing`).
"""
