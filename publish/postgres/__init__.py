"""The published set in PostgreSQL (contract#postgres).

    settings    where, and for whom
    tables      each mart as a table, all replaced in one transaction

Belongs here: what is particular to PostgreSQL. Does not belong here: what a mart promises (`publish.contracts`), when it is
written and how a failure is shown (`orchestration`).
"""
