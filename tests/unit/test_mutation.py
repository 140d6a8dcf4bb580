"""What `make mutate` changes, and what it reports (`tests.mutation`)."""

from pathlib import Path

import pytest

from tests.mutation import python_mutants, sql_mutants
from tests.mutation.mutant import Mutant, Outcome
from tests.mutation.report import Explanation, Report, read_explanations


def changed_lines(sql: str) -> set[str]:
    """Of each change of a query the lines that are new."""
    return {" ".join(line[2:] for line in mutant.change if line.startswith("+")) for mutant in sql_mutants.mutants("model", sql)}


@pytest.mark.parametrize(("sql", "expected"), [
    ("select a from t where a < 1", {"a <= 1", "TRUE", "a < 2", "a < 0"}),
    ("select a from t where a = 'open' or b", {"a = 'open' AND b", "a = 'open'", "b", "a <> 'open' OR b", "a = 'open_x' OR b"}),
    ("select a from t left join u on t.a = u.a",
     {"JOIN u", "ON TRUE", "ON t.a <> u.a"}),
    ("select a from t union all select b from u", {"UNION"}),
    ("select min(a), greatest(b, c) from t", {"MAX(a),", "LEAST(b, c)"}),
    ("select coalesce(a, true) from t", {"a", "TRUE", "COALESCE(a, FALSE)"}),
    ("select distinct a from t", {"SELECT"}),
    ("select row_number() over (order by a) from t", {"ROW_NUMBER() OVER (ORDER BY a DESC)"}),
    ("select case when a then b else c end from t", {"c", "CASE WHEN a THEN b END"}),
    ("select a from t where b is null", {"NOT b IS NULL", "TRUE"}),
    ("select 'Lukk saken i VFS.', {'from_day': a}, a::varchar(3) from t", set()),
])
def test_a_query_is_changed_by_one_expression_at_a_time(sql: str, expected: set[str]) -> None:
    assert changed_lines(sql) == expected


def test_what_a_macro_made_is_a_change_of_the_macro_whatever_its_keys() -> None:
    def query(key: str) -> str:
        return f"with u as (select {key}, min(d) from (select {key}, count(*) over (partition by {key}) as period_number " \
               f"from t) group by {key}, period_number) select * from u"

    first, second = ([m for m in sql_mutants.mutants(model, query(key)) if m.where == sql_mutants.MACROS]
                     for model, key in (("a", "person_id"), ("b", "org_number")))
    assert {m.key for m in first} == {m.key for m in second} and first
    assert {m.part for m in first} == {"merge_periods"} and {m.model for m in second} == {"b"}


def test_a_module_is_changed_by_one_expression_or_statement_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "rule.py").write_text(
        '"""Not this 1."""\ndef rule(a: int, con) -> str:\n    if a > 7 and con:\n        con.execute("SELECT 1 WHERE a >= b")\n'
        '    return "open" if a else "A text."\n')
    monkeypatch.setattr(python_mutants, "ROOT", tmp_path)
    made = {" ".join(line[2:] for line in m.change if line.startswith("+")) for m in python_mutants.mutants("rule.py")}
    assert made == {
        "if not (a > 7 and con):", "if a > 7 or con:", "if con:", "if a > 7:", "if a >= 7 and con:", "if a > 8 and con:",
        "if a > 6 and con:", "pass", "con.execute('SELECT 1 WHERE a > b')", "con.execute('SELECT 2 WHERE a >= b')",
        "return None", "return 'open' if not a else 'A text.'", "return 'open_x' if a else 'A text.'"}


def outcome(where: str, change: str, killed_by: str | None = None) -> Outcome:
    return Outcome(Mutant(where, "select", (f"- {change}",), ""), killed_by)


def test_the_figure_leaves_out_what_is_explained_and_an_explanation_of_nothing_is_stale() -> None:
    report = Report(
        [outcome("a", "killed", "a unit test"), outcome("a", "equal"), outcome("b", "survives")],
        [Explanation("a", ("- equal",), "why"), Explanation("a", ("- killed",), "why"), Explanation("b", ("- gone",), "why"),
         Explanation("c", ("- of a model left out",), "why")])
    assert [m.name for m in report.survivors()] == ["b [select]"]
    assert [e.change for e in report.stale()] == [("- killed",), ("- gone",)]
    assert report.percent() == 50
    assert "    - survives" in list(report.lines())


def test_every_explanation_has_a_reason() -> None:
    assert all(e.change and len(e.why) > 20 for e in read_explanations())
