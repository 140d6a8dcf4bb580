"""The numbers of the contract as settings with their defaults (contract#defaults), and the seasons with limits of their own.

Belongs here: numbers. Does not belong here: the rules that use them (SQL in `dbt_project`; `guard` for what is let in).
"""

from datetime import date
from typing import Annotated, Any

from pydantic import Field, field_validator

from ingest.cells import clean
from ingest.settings_model import SettingsModel

Percent = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[int, Field(ge=0)]
Rows = Annotated[int, Field(ge=0)]


def _as_text(value: Any) -> str:
    """A setting as a reader sees it: a number as itself, a list joined by ", "."""
    if isinstance(value, list):
        return ", ".join(map(_as_text, value))
    if isinstance(value, Season):
        limits = value.model_dump(exclude={"first_day", "last_day"}, exclude_none=True)
        return f"{value.first_day}–{value.last_day} ({', '.join(f'{name} {_as_text(limit)}' for name, limit in limits.items())})"
    return f"{value:g}" if isinstance(value, float) else str(value)


class Season(SettingsModel):
    """A part of the year with its own limits, e.g. the first days of August, when school years change."""

    first_day: str = Field(description="The first day of the season: MM-DD.")
    last_day: str = Field(description="The last day of the season: MM-DD; before the first: it goes over New Year.")
    max_drop_percent: Percent | None = Field(
        default=None, description="`policy.max_drop_percent` in the season, in all its guards; left out: the same.")
    max_growth_factor: float | None = Field(
        default=None, gt=1, description="`policy.max_growth_factor` in the season; left out: the same.")

    @field_validator("first_day", "last_day")
    @classmethod
    def _month_and_day(cls, value: str) -> str:
        try:
            date.fromisoformat(f"2024-{value}")
        except ValueError:
            raise ValueError("expected a month and day as MM-DD, e.g. '08-01'") from None
        return value

    def holds(self, day: date) -> bool:
        """Whether `day` is in the season, which may go over New Year."""
        month_day = day.strftime("%m-%d")
        if self.first_day <= self.last_day:
            return self.first_day <= month_day <= self.last_day
        return month_day >= self.first_day or month_day <= self.last_day


class Policy(SettingsModel):
    """Limits and groups. Units: days, percent, rows."""

    grace_days: Days = Field(default=1, description="Days that an end date may need to reach VFS.")
    kommuneadmin_groups: list[str] = Field(default=["Kommuneadmin"], description="Access groups that make a kommuneadmin.")
    max_drop_percent: Percent = Field(
        default=10, description="An extract is quarantined when more than this percentage of a table's rows, of its keys, of the "
                                "active positions or of the persons who may log in are gone, and more than `min_drop_rows` of "
                                "them; so when as many ended positions are active again, or as many positions belong to nobody.")
    min_drop_rows: Rows = Field(default=20, description="The least number of missing rows that counts; see `max_drop_percent`.")
    max_loss_percent: Percent = Field(
        default=50, description="An extract is quarantined when more than this percentage is gone, however few rows that are; so "
                                "when `min_loss_rows` or more positions, and more than this percentage of them, are active again "
                                "or belong to nobody, or `min_lost_dates` end dates yet to come are gone.")
    min_loss_rows: Rows = Field(
        default=5, description="The least number of positions that are active again or belong to nobody; see `max_loss_percent`.")
    min_lost_dates: Rows = Field(
        default=20, description="The least number of end dates yet to come that are gone; see `max_loss_percent`.")
    max_growth_factor: float = Field(
        default=2, gt=1, description="An extract is quarantined when a table has more than this many times the rows it had "
                                     "before, and more than `min_growth_rows` are new.")
    min_growth_rows: Rows = Field(default=100, description="The least number of new rows that counts; see `max_growth_factor`.")
    reference_days: Days = Field(
        default=30, description="The size of an extract is compared with the largest of the accepted ones of this many days "
                                "before it, back to the latest that a decision let in.")
    stopped_days: Days = Field(
        default=365, description="An HRM position that stopped being active at most this many days before the previous extract "
                                 "counts as active again where it is.")
    max_days_before_history: Days = Field(
        default=60, description="An extract dated more than this many days before the oldest that was ever accepted is "
                                "quarantined: its year may be mistyped.")
    max_rejected_percent: Percent = Field(
        default=5, description="An extract with more than this percentage of rejected rows in a table is refused.")
    max_match_drop_points: Percent = Field(
        default=10, description="The match-rate check fails when the share of matched persons falls by more percentage points.")
    min_match_percent: Percent = Field(
        default=50, description="The match-rate check fails when a smaller percentage of VFS persons matches an employee.")
    max_extract_age_days: Days = Field(default=3, description="A current extract that is older, in days, is stale.")
    max_unchanged_days_warned: Days = Field(
        default=7, description="A check warns when every extract of a system over this many days has the same content.")
    max_unchanged_days: Days = Field(
        default=14, description="A check fails when every extract of a system over this many days has the same content.")
    emptied_unit_positions: Rows = Field(
        default=5, description="A check fails when an org unit with this many active positions or more has none in the next "
                               "extract.")
    backed_ahead_days: Days = Field(
        default=30, description="Days that an HRM position may lie ahead and still back a VFS position.")
    seasons: list[Season] = Field(
        default=[Season(first_day="07-31", last_day="08-20", max_drop_percent=40)],
        description="Parts of the year with limits of their own, as "
                    '`[{first_day: "08-01", last_day: "08-03", max_drop_percent: 40}]`; the first that holds a day wins.')

    @field_validator("kommuneadmin_groups")
    @classmethod
    def _as_in_cells(cls, value: list[str]) -> list[str]:
        """Groups are compared with cells, so they are read as cells are."""
        return [clean(group) for group in value]

    def in_force(self) -> list[dict[str, str]]:
        """Each setting as text: name, value, default_value (contract#mart-settings-in-force)."""
        default = Policy()
        return [{"name": name, "value": _as_text(getattr(self, name)), "default_value": _as_text(getattr(default, name))}
                for name in type(self).model_fields]

    def on(self, day: date) -> "Policy":
        """The policy with the limits of the season that holds on `day`; the first season listed wins."""
        for season in self.seasons:
            if season.holds(day):
                limits = season.model_dump(exclude={"first_day", "last_day"}, exclude_none=True)
                return self.model_copy(update=limits)
        return self
