"""One more day for us and for what a team would build instead: the same files, the same question, in turn.

    race          takes the earlier days in, times the last one in turn, prints the table
    rivals        who races: what each is, what it runs, what it keeps
    with_pandas   pandas: a script without a memory
    with_polars   polars: a script without a memory

`usual_stack/` is a Dagster project that loads files into DuckDB and calls dbt by its command line: snapshots, models, tests;
`with_sqlmesh/` a SQLMesh project: type 2 dimensions and models. Both run in a copy, in which they keep what they know.

The question: which positions that are active in VFS has HRM nothing behind? Of persons matched by number, else by national id:
HRM has no position that is not ended at the same org unit (nor, where VFS does not know HRM's unit, the linked one) and that
starts within 30 days. The person has left (`active_vfs_inactive_hrm`), works elsewhere (`stale_position`, unless the position
is registered by hand), or is `unknown_in_hrm` (likewise). Each rival writes its answer into `found.csv`: kind, position, person,
whether that person can log in. None of them refuses a doubtful extract, replaces national ids or publishes anything.

Rivals run in an environment of their own (`requirements.in`), so they import nothing of the product, and nothing of the
product imports them.
"""
