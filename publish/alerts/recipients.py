"""Who is told what: the settings of alerts. Units: days."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from dbt_project import codes

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
IdentifyBy = Literal["none", "employee_number", "name"]


class Recipient(BaseModel):
    """One recipient: one address, and what concerns them.

    `send_to` is one address in Apprise's form (mailtos://…, msteams://…, slack://…, json://…), from the environment. Without
    it nothing is sent; `sluttdato messages --preview` shows what would be.
    """

    model_config = ConfigDict(extra="forbid")

    send_to: SecretStr | None = None
    findings: bool = True
    finding_types: list[str] | None = None
    org_numbers: list[str] | None = None
    data_problems: bool = False
    identify_by: IdentifyBy = "employee_number"
    escalate_after_days: list[Annotated[int, Field(ge=1)]] = [7, 30, 90]
    weekly_summary: Weekday | None = None

    @field_validator("finding_types")
    @classmethod
    def _known(cls, value: list[str] | None) -> list[str] | None:
        if unknown := sorted(set(value or []) - set(codes.FINDING_TYPES)):
            raise ValueError(f"{', '.join(unknown)}: expected some of {', '.join(codes.FINDING_TYPES)}")
        return value

    @field_validator("escalate_after_days")
    @classmethod
    def _in_order(cls, value: list[int]) -> list[int]:
        return sorted(set(value))

    def concerns(self, finding_type: str, org_number: str | None) -> bool:
        """Whether a finding of this type at this org unit is told to them. One without an org unit goes to those for all."""
        return (self.findings and (self.finding_types is None or finding_type in self.finding_types)
                and (self.org_numbers is None or org_number in self.org_numbers))


class Alerts(BaseModel):
    """Messages. `report_url`: where the recipients find the published report; `newest`: how many cases a message names."""

    model_config = ConfigDict(extra="forbid")

    recipients: dict[str, Recipient] = {}
    report_url: str | None = None
    newest: Annotated[int, Field(ge=0, le=200)] = 10
