"""Changes of a model's compiled SQL, each of one expression, which DuckDB can still read.

Belongs here: what is changed into what. A change leaves texts for people, names and types alone: what is changed is what rows
there are and which codes and days they have.
"""

import re
from collections.abc import Callable, Iterator

import sqlglot
from sqlglot import exp

from tests.mutation.mutant import Mutant, diff

Changes = Iterator[exp.Expr]
# The macros of macros/periods.sql stand in many models; each is known by a column that it alone makes.
MACROS = "macros/periods.sql"
_MACRO_OF_COLUMN = {"period_number": "merge_periods", "part": "subtract_periods"}
_MADE_FROM_RELATIONS = {"starts_anew", "nth"}  # columns of the innermost selects, which read what the macro was given
_KEYS = [(re.compile(r"PARTITION BY [\w.]+(, [\w.]+)*"), "PARTITION BY keys"),
         (re.compile(r"JOIN \S+ AS subtrahend"), "JOIN subtrahend"),
         (re.compile(r"(\w+)\.(\w+) (=|<>) (\w+)\.\2"), r"\1.key \3 \4.key")]
_LINE_LENGTH = 400  # or lines would break by the length of names
_CODE = re.compile(r"[a-z][a-z0-9_]*")

_REPLACED: dict[type[exp.Expr], list[type[exp.Expr]]] = {
    exp.LT: [exp.LTE], exp.LTE: [exp.LT], exp.GT: [exp.GTE], exp.GTE: [exp.GT], exp.EQ: [exp.NEQ], exp.NEQ: [exp.EQ],
    exp.NullSafeEQ: [exp.NullSafeNEQ], exp.NullSafeNEQ: [exp.NullSafeEQ], exp.And: [exp.Or], exp.Or: [exp.And],
    exp.Min: [exp.Max], exp.Max: [exp.Min], exp.Least: [exp.Greatest], exp.Greatest: [exp.Least],
    exp.ArgMin: [exp.ArgMax], exp.ArgMax: [exp.ArgMin], exp.LogicalOr: [exp.LogicalAnd], exp.LogicalAnd: [exp.LogicalOr],
    exp.Lead: [exp.Lag], exp.Lag: [exp.Lead], exp.Add: [exp.Sub], exp.Sub: [exp.Add],
}


def parse(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, dialect="duckdb")


def written(tree: exp.Expr) -> str:
    """The SQL of a tree without comments, a line for each column, join and condition, however long."""
    return tree.sql("duckdb", pretty=True, comments=False, max_text_width=_LINE_LENGTH)


def mutants(model: str, sql: str) -> list[Mutant]:
    """Every change of the model's SQL; those that come out the same are one."""
    tree = parse(sql)
    original = written(tree)
    seen = {original}
    found: list[Mutant] = []
    for node in list(tree.walk()):
        for changed in _changes(node):
            root = changed if node is tree else tree
            node.replace(changed)
            code = written(root)
            changed.replace(node)
            if code not in seen:
                seen.add(code)
                change = diff(original, code)
                macro = _macro_around(node)
                if macro:
                    found.append(Mutant(MACROS, macro, tuple(map(_without_keys, change)), code, model))
                else:
                    found.append(Mutant(model, _part(node), change, code, model, len(found)))
    return found


def _changes(node: exp.Expr) -> Changes:
    for kind, operators in _OPERATORS:
        if isinstance(node, kind):
            for operator in operators:
                yield from operator(node)


def _another_operator(node: exp.Expr) -> Changes:
    for other in _REPLACED.get(type(node), []):
        yield other(**_copied_arguments(node))


def _copied_arguments(node: exp.Expr) -> dict:
    return node.copy().args


def _negated(node: exp.Expr) -> Changes:
    if isinstance(node, exp.Not):
        yield node.this.copy()
    elif not isinstance(node.parent, exp.Not):
        yield exp.Not(this=node.copy())


def _one_operand(node: exp.Binary) -> Changes:
    """A condition dropped."""
    yield node.left.copy()
    yield node.right.copy()


def _one_condition(clause: exp.Expr) -> Changes:
    """A condition that stands alone dropped."""
    if not isinstance(clause.this, exp.And | exp.Or):
        yield type(clause)(this=exp.true())


def _unfiltered(node: exp.Filter) -> Changes:
    yield node.this.copy()


def _joined_otherwise(join: exp.Join) -> Changes:
    if not (join.args.get("on") or join.args.get("using")) or join.kind in ("SEMI", "ANTI", "CROSS"):
        return
    other = join.copy()
    other.set("side", None if join.side else "LEFT")
    other.set("kind", None)
    yield other
    on = join.args.get("on")
    if on and not isinstance(on, exp.And | exp.Or):
        all_pairs = join.copy()
        all_pairs.set("on", exp.true())
        yield all_pairs
    for dropped in (join.args.get("using") or [])[1:]:
        fewer = join.copy()
        fewer.set("using", [name for name in fewer.args["using"] if name != dropped])
        yield fewer


def _distinct_or_all(union: exp.SetOperation) -> Changes:
    other = union.copy()
    other.set("distinct", not union.args.get("distinct"))
    yield other


def _all_rows(select: exp.Select) -> Changes:
    if select.args.get("distinct"):
        other = select.copy()
        other.set("distinct", None)
        yield other


def _all_values(distinct: exp.Distinct) -> Changes:
    if not isinstance(distinct.parent, exp.Select) and len(distinct.expressions) == 1:
        yield distinct.expressions[0].copy()


def _one_more_or_less(literal: exp.Literal) -> Changes:
    if literal.is_int and not isinstance(literal.parent, exp.DataTypeParam):
        for value in (int(literal.name) + 1, int(literal.name) - 1):
            yield exp.Literal.number(value) if value >= 0 else exp.Neg(this=exp.Literal.number(-value))


def _another_code(literal: exp.Literal) -> Changes:
    if literal.is_string and _CODE.fullmatch(literal.name) and not isinstance(literal.parent, exp.PropertyEQ):
        yield exp.Literal.string(f"{literal.name}_x")


def _another_truth(boolean: exp.Boolean) -> Changes:
    if not isinstance(boolean.parent, exp.Where | exp.Join):
        yield exp.Boolean(this=not boolean.this)


def _fewer_arguments(coalesce: exp.Coalesce) -> Changes:
    arguments = [coalesce.this, *coalesce.expressions]
    for dropped in range(len(arguments)):
        kept = [a.copy() for n, a in enumerate(arguments) if n != dropped]
        yield kept[0] if len(kept) == 1 else exp.Coalesce(this=kept[0], expressions=kept[1:])


def _another_direction(ordered: exp.Ordered) -> Changes:
    other = ordered.copy()
    other.set("desc", not ordered.args.get("desc"))
    yield other


def _fewer_branches(case: exp.Case) -> Changes:
    branches = case.args["ifs"]
    for dropped in range(len(branches)):
        other = case.copy()
        other.set("ifs", [b for n, b in enumerate(other.args["ifs"]) if n != dropped])
        yield other if len(branches) > 1 else (case.args.get("default") or exp.Null()).copy()
    if case.args.get("default"):
        other = case.copy()
        other.set("default", None)
        yield other


def _one_branch(condition: exp.If) -> Changes:
    if not isinstance(condition.parent, exp.Case):
        yield condition.args["true"].copy()
        yield (condition.args.get("false") or exp.Null()).copy()


_OPERATORS: list[tuple[type | tuple[type, ...], list[Callable[..., Changes]]]] = [
    (tuple(_REPLACED), [_another_operator]),
    ((exp.Is, exp.In, exp.Exists, exp.Not), [_negated]),
    ((exp.And, exp.Or), [_one_operand]),
    ((exp.Where, exp.Having, exp.Qualify), [_one_condition]),
    (exp.Filter, [_unfiltered]),
    (exp.Join, [_joined_otherwise]),
    (exp.SetOperation, [_distinct_or_all]),
    (exp.Select, [_all_rows]),
    (exp.Distinct, [_all_values]),
    (exp.Literal, [_one_more_or_less, _another_code]),
    (exp.Boolean, [_another_truth]),
    (exp.Coalesce, [_fewer_arguments]),
    (exp.Ordered, [_another_direction]),
    (exp.Case, [_fewer_branches]),
    (exp.If, [_one_branch]),
]


def _part(node: exp.Expr) -> str:
    """The CTE that a node is in."""
    cte = node.find_ancestor(exp.CTE)
    return cte.alias if cte else "select"


def _macro_around(node: exp.Expr) -> str | None:
    """The macro that made what the node is in; None for the relations that a macro was given."""
    inside: exp.Expr = node
    while inside.parent and not isinstance(inside, exp.CTE):
        around = inside.parent
        if (isinstance(around, exp.Select) and inside is around.args.get("from_")
                and _MADE_FROM_RELATIONS & set(around.named_selects)):
            return None
        if isinstance(inside, exp.Select) and (macro := _macro_of(inside)):
            return macro
        inside = around
    return _macro_of(inside) if isinstance(inside, exp.Select) else None


def _macro_of(select: exp.Select) -> str | None:
    source = select.args.get("from_")
    inner = source.this.this if source and isinstance(source.this, exp.Subquery) else None
    if not isinstance(inner, exp.Select):
        return None
    return next((macro for column, macro in _MACRO_OF_COLUMN.items() if column in inner.named_selects), None)


def _without_keys(line: str) -> str:
    for pattern, replacement in _KEYS:
        line = pattern.sub(replacement, line)
    return line
