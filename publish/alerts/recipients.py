"""Who gets which messages: the settings of alerts. Ages are in days."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from dbt_project import codes
from ingest.settings_model import SettingsModel

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
IdentifyBy = Literal["none", "employee_number", "name"]


class Recipient(SettingsModel):
    """One recipient: one address, and what is sent to it."""

    send_to: SecretStr | None = Field(
        default=None, description="One address in Apprise's form (mailtos://…, msteams://…, slack://…, json://…); left out: "
                                  "nothing is sent, and `sluttdato messages --preview` shows what would be.")
    findings: bool = Field(default=True, description="Whether findings about people are sent.")
    finding_types: list[str] | None = Field(default=None, description="The types of findings that are sent; left out: all.")
    org_numbers: list[str] | None = Field(
        default=None, description="The org units whose findings are sent; left out: all, and those without an org unit.")
    data_problems: bool = Field(
        default=False, description="Whether problems of the data are sent: refused, quarantined or stale extracts, a source that "
                                   "is down, failed checks and runs.")
    identify_by: IdentifyBy = Field(default="employee_number", description="How a message may name people.")
    escalate_after_days: list[Annotated[int, Field(ge=1)]] = Field(
        default=[7, 30, 90], description="Ages in days at which an open finding is sent again.")
    weekly_summary: Weekday | None = Field(
        default=None, description="The weekday of a summary; left out: nothing is sent on quiet days.")

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
        """Whether a finding of this type at this org unit is sent to them. One without an org unit goes to those for all."""
        return (self.findings and (self.finding_types is None or finding_type in self.finding_types)
                and (self.org_numbers is None or org_number in self.org_numbers))


class Alerts(SettingsModel):
    """Messages, and who gets them."""

    recipients: dict[str, Recipient] = Field(default={}, description="The recipients of messages, each by a name of your choice.")
    report_url: str | None = Field(
        default=None, description="The address of the published report for recipients; every message links to it.")
    newest: int = Field(
        default=10, ge=0, le=200,
        description="How many cases of a kind a message names; the rest is counted, new ones by org unit.")
