"""Whose data this is: the kommune's number and name, as settings. They stand on what is printed, and in the marts."""

from pydantic import ConfigDict, Field

from ingest.settings_model import SettingsModel


class Kommune(SettingsModel):
    """The kommune that the lists are about."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    number: str = Field(default="", pattern=r"^([0-9]{4})?$", description=(
        "The kommune's number: four digits, in quotes where the first is 0. Left out: not shown."))
    name: str = Field(default="", description="The kommune's name, as it is to stand on lists to print. Left out: not shown.")
