"""The numbers of the contract as settings with their defaults (contract#defaults), and the seasons with limits of their own.

Only numbers live here; the rules that use them are SQL in `dbt_project`, or `guard` for what is let in.
"""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

Percent = Annotated[float, Field(ge=0, le=100)]
Days = Annotated[int, Field(ge=0)]
Rows = Annotated[int, Field(ge=0)]


class Season(BaseModel):
    """A part of the year with its own limits, e.g. the first days of August, when school years change."""

    model_config = ConfigDict(extra="forbid")

    first_day: str
    last_day: str
    max_drop_percent: Percent | None = None
    max_growth_factor: Annotated[float, Field(gt=1)] | None = None

    @field_validator("first_day", "last_day")
    @classmethod
    def _month_and_day(cls, value: str) -> str:
        try:
            date.fromisoformat(f"2024-{value}")
        except ValueError:
            raise ValueError("expected a month and day as MM-DD, e.g. '08-01'") from None
        return value

    def holds(self, day: date) -> bool:
        """Whether `day` lies in the season, which may go over New Year."""
        month_day = day.strftime("%m-%d")
        if self.first_day <= self.last_day:
            return self.first_day <= month_day <= self.last_day
        return month_day >= self.first_day or month_day <= self.last_day


class Policy(BaseModel):
    """Limits and groups. Units: days, percent, rows."""

    model_config = ConfigDict(extra="forbid")

    grace_days: Days = 1
    kommuneadmin_groups: list[str] = ["Kommuneadmin"]
    max_drop_percent: Percent = 10
    min_drop_rows: Rows = 20
    max_growth_factor: Annotated[float, Field(gt=1)] = 2
    min_growth_rows: Rows = 100
    max_rejected_percent: Percent = 5
    max_match_drop_points: Percent = 10
    max_extract_age_days: Days = 3
    backed_ahead_days: Days = 30
    seasons: list[Season] = []

    def on(self, day: date) -> "Policy":
        """The policy with the limits of the season that holds on `day`; the first season listed wins."""
        for season in self.seasons:
            if season.holds(day):
                limits = season.model_dump(exclude={"first_day", "last_day"}, exclude_none=True)
                return self.model_copy(update=limits)
        return self
