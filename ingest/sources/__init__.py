"""One module per source adapter: it turns one source into raw canonical tables for one extract date, whole or not at all.

    base             what an adapter is, how one is registered, and the source of a system that adapters make up
    catalogue        which adapters there are
    file_drop        base of adapters that read files
    pulled           base of adapters that ask a server; paging, whole or not at all
    http             asking a server: retries, tokens, redirects, limits
    rows             records on their way into raw tables
    delimited        text files of delimited columns
    xml              XML piece by piece, without its dangerous side
    csv_folder       the `csv` adapter
    export           the `export` adapter: a CSV or Excel export of VFS's employee search
    propose          the settings that read an export, proposed
    fint             the `fint` adapter
    visma_hrm        the `visma_hrm` adapter: asking
    hrm_ws           the `visma_hrm` adapter: the format of the answer
    oneroster        the `oneroster` adapter: by REST or from files
    oneroster_format  the `oneroster` adapter: settings, and what is which column
    oneroster_rest   the `oneroster` adapter: pages of a server
    oneroster_files  the `oneroster` adapter: CSV files in a folder or a zip
    pifu             the `pifu` adapter

Belongs here: protocols, files, encodings, headings. Does not belong here: what a valid row is (`ingest.door`),
where extracts are kept (`ingest.landing`).
"""
