"""Changes of a Python module, each of one expression or statement; of SQL in its strings too, operator by operator.

Belongs here: the list of changes. A change leaves docstrings, annotations, decorators and texts for people alone.
"""

import ast
import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.mutation.mutant import Mutant, diff

ROOT = Path(__file__).resolve().parents[2]
Changes = Iterator[ast.AST]

_REPLACED: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Mod: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}
_LEFT_ALONE = ("annotation", "returns", "decorator_list", "bases")
_FUNCTIONS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_CODE = re.compile(r"[a-z][a-z0-9_]*")
_SQL = re.compile(r"\b(SELECT|FROM|WHERE|AND|OVER|CASE|WHEN|UPDATE|DELETE|NULL|FILTER|JOIN|PARTITION)\b")
_SQL_CHANGES = [(re.compile(pattern), replacement) for pattern, replacement in (
    (r"<=", "<"), (r"(?<![<>])>=", ">"), (r"<(?![=>])", "<="), (r"(?<!<)>(?!=)", ">="), (r"<>", "="), (r"(?<![<>!])=", "<>"),
    (r"\bAND\b", "OR"), (r"\bOR\b(?! REPLACE)", "AND"), (r"\bIS NULL\b", "IS NOT NULL"), (r"\bIS NOT NULL\b", "IS NULL"),
    (r"\bIS NOT DISTINCT FROM\b", "IS DISTINCT FROM"), (r"\bNOT EXISTS\b", "EXISTS"), (r"\bNOT IN\b", "IN"),
    (r"(?<!IS )(?<!DROP )\bNOT (?!EXISTS|IN\b|NULL|DISTINCT)", ""), (r"\bUNION ALL\b", "UNION"), (r"\bLEFT JOIN\b", "JOIN"),
    (r" DESC\b", ""), (r"\bDISTINCT (?!FROM)", ""), (r"\bmin\(", "max("), (r"\bmax\(", "min("), (r"\blead\(", "lag("),
    (r"\blag\(", "lead("), (r"\bleast\(", "greatest("), (r"\bgreatest\(", "least("), (r"\bfalse\b", "true"),
    (r"\btrue\b", "false"), (r"\b0\b", "1"), (r"\b1\b", "2"), (r"\bANTI JOIN\b", "SEMI JOIN"),
)]


@dataclass(frozen=True)
class _Place:
    """A node, and its place in the tree: a field of `holder` (and an index, in a list). `part`: its function and line."""

    node: ast.AST
    holder: ast.AST
    field: str
    index: int | None
    part: str

    def put(self, node: ast.AST) -> None:
        if self.index is None:
            setattr(self.holder, self.field, node)
        else:
            getattr(self.holder, self.field)[self.index] = node


def mutants(file: str) -> list[Mutant]:
    """Every change of a file of the checkout; `code` is the whole changed source."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    original = ast.unparse(tree)
    seen = {original}
    made: list[Mutant] = []
    for place in list(_places(tree, "module", 1)):
        for changed in _changes(place.node):
            place.put(changed)
            code = ast.unparse(tree)
            place.put(place.node)
            if code not in seen:
                seen.add(code)
                made.append(Mutant(file, place.part, diff(original, code), code))
    return made


def _places(holder: ast.AST, function: str, line: int) -> Iterator[_Place]:
    """All that may be changed below a node."""
    for field, value in ast.iter_fields(holder):
        if field in _LEFT_ALONE:
            continue
        for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(node, ast.AST) or _is_docstring(holder, field, index, node) or _names_a_type(node):
                continue
            at = getattr(node, "lineno", line)
            yield _Place(node, holder, field, index, f"{function}, line {at}")
            yield from _places(node, node.name if isinstance(node, ast.FunctionDef | ast.ClassDef) else function, at)


def _is_docstring(holder: ast.AST, name: str, index: int | None, node: ast.AST) -> bool:
    return name == "body" and index == 0 and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(
        holder, ast.Module | ast.ClassDef | ast.FunctionDef)


def _names_a_type(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and ast.unparse(node.value).startswith(("Literal[", "tuple["))


def _changes(node: ast.AST) -> Changes:
    for kind, operators in _OPERATORS:
        if isinstance(node, kind):
            for operator in operators:
                yield from operator(node)


def _another_operator(node: ast.AST) -> Changes:
    yield _REPLACED[type(node)]()


def _one_operand(node: ast.BoolOp) -> Changes:
    for dropped in range(len(node.values)):
        kept = [v for n, v in enumerate(node.values) if n != dropped]
        yield kept[0] if len(kept) == 1 else ast.BoolOp(node.op, kept)


def _negated_test(node: ast.If | ast.IfExp | ast.While) -> Changes:
    if not isinstance(node.test, ast.Compare):
        other = copy.copy(node)
        other.test = ast.UnaryOp(ast.Not(), node.test)
        yield other


def _without_not(node: ast.UnaryOp) -> Changes:
    if isinstance(node.op, ast.Not):
        yield node.operand


def _unfiltered(node: ast.comprehension) -> Changes:
    for dropped in range(len(node.ifs)):
        other = copy.copy(node)
        other.ifs = [c for n, c in enumerate(node.ifs) if n != dropped]
        yield other


def _another_constant(node: ast.Constant) -> Changes:
    match node.value:
        case bool():
            yield ast.Constant(not node.value)
        case int():
            yield ast.Constant(node.value + 1)
            yield ast.Constant(node.value - 1)
        case str() if _CODE.fullmatch(node.value):
            yield ast.Constant(f"{node.value}_x")
        case str() if _SQL.search(node.value):
            for pattern, replacement in _SQL_CHANGES:
                for match in pattern.finditer(node.value):
                    yield ast.Constant(node.value[:match.start()] + replacement + node.value[match.end():])


def _another_function(node: ast.Call) -> Changes:
    if isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        yield ast.Call(ast.Name(_FUNCTIONS[node.func.id], ast.Load()), node.args, node.keywords)
    if isinstance(node.func, ast.Name) and node.func.id in ("reversed", "sorted") and not node.keywords:
        yield ast.Call(ast.Name("list", ast.Load()), node.args, [])


def _nothing_returned(node: ast.Return) -> Changes:
    if node.value and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield ast.Return(ast.Constant(None))


def _removed(node: ast.stmt) -> Changes:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        yield ast.Pass()


_OPERATORS: list[tuple[type | tuple[type, ...], list[Callable[..., Changes]]]] = [
    (tuple(_REPLACED), [_another_operator]),
    (ast.BoolOp, [_one_operand]),
    ((ast.If, ast.IfExp, ast.While), [_negated_test]),
    (ast.UnaryOp, [_without_not]),
    (ast.comprehension, [_unfiltered]),
    (ast.Constant, [_another_constant]),
    (ast.Call, [_another_function]),
    (ast.Return, [_nothing_returned]),
    ((ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Continue, ast.Delete), [_removed]),
]
