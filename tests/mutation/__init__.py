"""`make mutate`: change the rules one by one, and check that a test notices.

Belongs here: how code is changed (`sql_mutants`, `python_mutants`), who must notice (`sql_tests`, `python_tests`), the random
municipalities (`corpus`), the report (`report`), and the changes that nobody can notice, with the reason (`explained.yml`).
Does not belong here: the tests that notice; they are dbt's unit tests, the oracle, and `tests/unit`.
"""
