"""Where in PostgreSQL the marts are published, and for whom.

Does not belong here: anything that needs the driver, which only those import who use it (`tables`).
"""

from pydantic import Field, SecretStr, field_validator

from ingest.settings_model import SettingsModel


class Postgres(SettingsModel):
    """A schema of a PostgreSQL database, one for each kommune."""

    url: SecretStr | None = Field(default=None, description=(
        "The address of a database, with user and password (postgresql://user:password@host/database): after each run all "
        "published marts are there, too. Left out: nothing is written to PostgreSQL."))
    schema_name: str = Field(default="sluttdato", alias="schema", pattern=r"^[a-z_][a-z0-9_]{0,62}$", description=(
        "The schema of the tables; made where it does not exist. Each kommune needs one of its own."))
    reader_role: str | None = Field(default=None, min_length=1, description=(
        "A role of the server that gets the right to read the tables. Left out: who may read is set on the server."))

    @field_validator("schema_name")
    @classmethod
    def _is_not_the_servers_own(cls, value: str) -> str:
        if value.startswith("pg_") or value == "information_schema":
            raise ValueError("this is a schema of PostgreSQL itself; choose another name")
        return value


class NotPublished(Exception):
    """PostgreSQL does not have the published set. The text says why: never in the server's words, which may hold rows, and
    without the address, which holds a password."""
