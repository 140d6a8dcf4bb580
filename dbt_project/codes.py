"""The catalogue of codes, as Python reads it: finding types, causes, review reasons, statuses, and the marts that need a source.

The catalogue is the seeds in `seeds/` (one row a code, described in `seeds/seeds.yml`): SQL joins them, and labels, the
report, worklists, messages, assessability and the docs read them here. Belongs here: reading and checking them. Does not
belong here: rules about people (SQL), sentences about one case (`macros/why.sql`, `macros/remedies.sql`).
"""

import csv
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from dbt_project import PROJECT

SEEDS = PROJECT / "seeds"
Text = Annotated[str, StringConstraints(min_length=1)]
Optional = Annotated[Text | None, BeforeValidator(lambda value: value or None)]
# Columns of which an adapter must carry at least one, as table.column; empty when every source carries enough.
Needs = Annotated[frozenset[str], BeforeValidator(lambda value: frozenset(filter(None, value.split(" or "))))]
Code = TypeVar("Code", bound="_Code")


class IncompleteCode(Exception):
    """A row of the catalogue is not complete. The text names file, code and column."""


class _Code(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    sort_order: int
    label_nb: Text
    label_en: Text


class FindingType(_Code):
    """A finding type. `subject`: what its subject_id names; `list_mart`: the mart that lists its unresolved findings (`cases`
    where no other does); `exclusive_group`: a subject has at most one type of a group at a time; `vfs_search`: VFS's own search
    for the same."""

    finding_type: Text
    subject: Literal["vfs_position", "hrm_position", "person", "person_at_org_unit"]
    list_mart: Text
    exclusive_group: Text
    needs: Needs
    severity: Literal["high", "medium", "low"]
    vfs_search: Optional
    sheet_nb: Annotated[str, StringConstraints(min_length=1, max_length=31)]  # Excel's limit
    meaning_nb: Text
    what_to_do_nb: Text


class Cause(_Code):
    """Why a VFS position is still active. `is_of_propagation`: whether `end_date_propagation` has this cause too."""

    cause: Text
    is_of_propagation: bool
    meaning_nb: Text


class ReviewReason(_Code):
    """Why a kommuneadmin should be reviewed; `not_assessable_nb` where a source may lack what it needs."""

    review_reason: Text
    needs: Needs
    not_assessable_nb: Optional


class Status(_Code):
    """A status of a finding, of a propagation, of an extract and so on (`status_of`)."""

    status_of: Literal["finding", "propagation", "hrm", "freshness", "extract", "exception", "handling", "answer"]
    status: Text
    meaning_nb: Text


class AssessedMart(BaseModel):
    """A mart that cannot be assessed when the sources lack what it needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mart: Text
    needs: Needs
    label_nb: Text


def read(model: type[BaseModel], file: Path) -> list[Any]:
    """The rows of a seed, in file order. Raises IncompleteCode, which names file, code and column."""
    with file.open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    codes = []
    for row in rows:
        try:
            codes.append(model.model_validate(row))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise IncompleteCode(f"dbt_project/seeds/{file.name}, {next(iter(row.values()))}: {wrong}") from None
    return codes


def _by_code(model: type[Code], name: str, column: str) -> dict[str, Code]:
    codes = sorted(read(model, SEEDS / f"{name}.csv"), key=lambda code: code.sort_order)
    return {getattr(code, column): code for code in codes}


# By code, in the order in which they are shown.
FINDING_TYPES: dict[str, FindingType] = _by_code(FindingType, "finding_types", "finding_type")
CAUSES: dict[str, Cause] = _by_code(Cause, "causes", "cause")
REVIEW_REASONS: dict[str, ReviewReason] = _by_code(ReviewReason, "review_reasons", "review_reason")
ASSESSED_MARTS: dict[str, AssessedMart] = {m.mart: m for m in read(AssessedMart, SEEDS / "assessed_marts.csv")}
STATUSES: list[Status] = read(Status, SEEDS / "statuses.csv")


def statuses(status_of: str) -> dict[str, Status]:
    """The statuses with this `status_of` (see `Status`), by code, in the order of `sort_order`."""
    return {s.status: s for s in sorted(STATUSES, key=lambda s: s.sort_order) if s.status_of == status_of}


def needs() -> dict[str, frozenset[str]]:
    """{finding type, mart or review reason: the columns of which an adapter must carry one}; only those that need any."""
    catalogues = (FINDING_TYPES, ASSESSED_MARTS, REVIEW_REASONS)
    return {name: code.needs for catalogue in catalogues for name, code in catalogue.items() if code.needs}
