"""The numbers of the contract as settings with their defaults (contract#defaults), and the seasons with limits of their own.

Belongs here: numbers. Does not belong here: the rules that use them (SQL in `dbt_project`; `guard` for what is let in).
"""

from datetime import date
from typing import Annotated

from pydantic import Field, field_validator

from ingest.settings_model import SettingsModel

Percent = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[int, Field(ge=0)]
Rows = Annotated[int, Field(ge=0)]


class Season(SettingsModel):
    """A part of the year with its own limits, e.g. the first days of August, when school years change."""

    first_day: str = Field(description="The first day of the season: MM-DD.")
    last_day: str = Field(description="The last day of the season: MM-DD; before the first: it goes over New Year.")
    max_drop_percent: Percent | None = Field(
        default=None, description="`policy.max_drop_percent` in the season; left out: the same.")
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
        default=10, description="An extract is quarantined when more than this percentage of a table's rows, "
                                "and more than `min_drop_rows` of them, are missing.")
    min_drop_rows: Rows = Field(default=20, description="The least number of missing rows that counts; see `max_drop_percent`.")
    max_growth_factor: float = Field(
        default=2, gt=1, description="An extract is quarantined when a table has more than this many times the rows it had "
                                     "before, and more than `min_growth_rows` are new.")
    min_growth_rows: Rows = Field(default=100, description="The least number of new rows that counts; see `max_growth_factor`.")
    max_rejected_percent: Percent = Field(
        default=5, description="An extract with more than this percentage of rejected rows in a table is refused.")
    max_match_drop_points: Percent = Field(
        default=10, description="The match-rate check fails when the share of matched persons falls by more percentage points.")
    min_match_percent: Percent = Field(
        default=50, description="The match-rate check fails when a smaller share of the VFS persons, in percent, is matched.")
    max_extract_age_days: Days = Field(default=3, description="A current extract that is older, in days, is stale.")
    max_unchanged_days_warned: Days = Field(
        default=7, description="The check of frozen sources warns when a system's extracts have been the same for so many days.")
    max_unchanged_days: Days = Field(
        default=14, description="The check of frozen sources fails when a system's extracts have been the same for so many days.")
    emptied_unit_positions: Rows = Field(
        default=5, description="A unit with at least this many active positions in a system's previous extract and none in the "
                               "current one fails a check.")
    backed_ahead_days: Days = Field(
        default=30, description="Days that an HRM position may lie ahead and still back a VFS position.")
    seasons: list[Season] = Field(
        default=[], description="Parts of the year with limits of their own, as "
                        '`[{first_day: "08-01", last_day: "08-03", max_drop_percent: 40}]`; the first that holds a day wins.')

    def on(self, day: date) -> "Policy":
        """The policy with the limits of the season that holds on `day`; the first season listed wins."""
        for season in self.seasons:
            if season.holds(day):
                limits = season.model_dump(exclude={"first_day", "last_day"}, exclude_none=True)
                return self.model_copy(update=limits)
        return self
