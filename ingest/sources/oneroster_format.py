"""The format of OneRoster: users with their roles and orgs become VFS's persons, positions, accesses and org units.

Source of the rules: contract#adapter-oneroster; the wire formats: 1EdTech OneRoster 1.2 (REST rostering, CSV binding 1.2.1), and
1.1, where a user has one role, at all of its orgs, without dates.
Belongs here: the settings, and the mapping to canonical columns. Does not belong here: requesting pages (`oneroster_rest`),
reading files (`oneroster_files`).
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator

from ingest.assessable import COUNTERPARTS
from ingest.canonical_tables import tables_of
from ingest.cells import clean
from ingest.dates import day_text
from ingest.sources.base import Note, RawTable
from ingest.sources.http import HttpSettings
from ingest.sources.rows import Rows, as_list, day_field, first, text

TABLES = ("persons", "positions", "accesses", "org_units")
CARRIES = COUNTERPARTS | {"accesses.kommuneadmin"}
DEFAULT_SCOPE = "one-roster-api:https://purl.imsglobal.org/spec/or/v1p2/scope/roster-core.readonly"

_STAFF = {"aide", "counselor", "principal", "proctor", "siteAdministrator", "teacher"}
_ADMIN = {"districtAdministrator", "systemAdministrator"}
_OTHERS = ("student", "parent", "guardian", "relative")
_ADMINISTRATOR_1P1 = "administrator"  # 1.2 has four roles instead of it
_ROLES_1P1 = {_ADMINISTRATOR_1P1, "aide", "proctor", "teacher", *_OTHERS}
_NAMES = {name.lower(): name for name in (*_STAFF, *_ADMIN, *_OTHERS, _ADMINISTRATOR_1P1)}
_ORG_TYPES = {"school": "school", "district": "kommune"}
_GOES_FIRST = ("school", "kommune", "other")  # of orgs that are one
_SPEAKS_1P1 = ("users came as OneRoster 1.1 has them: with one role, and without dates. Ask for 1.2 (…/v1p2), which tells when "
               "a role ends")
_SHARED = ("orgs share their identifier with another, and are one org unit, under the school's name. Give each of them its own "
           "organisation number in VFS")
_OTHER_ROLES = ("users have roles of other names than OneRoster's, and are left out: where these are employees, have their roles "
                "named as OneRoster does (teacher, aide …), or with `ext:` before a name of one's own")
KOMMUNEADMIN = "Kommuneadmin"


class OneRosterSettings(HttpSettings):
    """Settings of the adapter: either `url` and the token's settings, or `path`."""

    adapter: Literal["oneroster"] = Field(description="OneRoster 1.2, by REST (`url`) or from its CSV files (`path`).")
    url: str | None = Field(default=None, description="Address of the REST service, as in https://host/ims/oneroster/rostering/v1p2.")
    token_url: str | None = Field(default=None, description="Address of the server that gives the token; needed with `url`.")
    client_id: str | None = Field(default=None, description="The client's id; needed with `url`.")
    client_secret: SecretStr | None = Field(default=None, description="The client's secret; needed with `url`.")
    scope: str | None = Field(default=DEFAULT_SCOPE, description="Scope of the token.")
    tenant_id: str | None = Field(default=None, description="The tenant, sent with the request for a token; left out: none.")
    path: Path | None = Field(
        default=None, description="CSV files instead of a server: a folder, a zip, or a folder with one subfolder per day.")
    employee_number_from: str | None = Field(
        default="identifier",
        description="Where a user's employee number stands: a field, `userIds/<type>` or `metadata/<name>`; null: nowhere.")
    national_id_from: str | None = Field(
        default=None, description="Where a user's national id stands, in the same way; left out: nowhere.")
    kommuneadmin_roles: tuple[str, ...] = Field(
        default=("districtAdministrator",), description="The roles that make a user a kommuneadmin.")
    end_date: Literal["inclusive", "exclusive"] = Field(
        default="inclusive", description="Whether a role's `endDate` is its last day, or (exclusive) the day after.")
    page_size: int = Field(default=100, ge=1, le=100, description="Records of a page.")

    @model_validator(mode="after")
    def _one_way(self) -> "OneRosterSettings":
        if self.path:
            if self.url:
                raise ValueError("expected `url` or `path`, not both")
        elif not (self.url and self.token_url and self.client_id and self.client_secret):
            raise ValueError("expected url, token_url, client_id and client_secret; or path")
        return self

    @property
    def fingerprint(self) -> str:
        """Changes whenever a setting would make the same answers read differently."""
        return json.dumps(self.model_dump(mode="json", include={
            "adapter", "employee_number_from", "national_id_from", "kommuneadmin_roles", "end_date"}), sort_keys=True)


class NoStaff(Exception):
    """Users came, and none of them has a staff role. The text says what was seen."""


@dataclass
class Roster:
    """Users with their roles, and orgs, by sourcedId; `tables` makes the canonical tables."""

    settings: OneRosterSettings
    orgs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    users: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def tables(self, file: str) -> dict[str, RawTable]:
        """Raises NoStaff.

        Accesses are left out, and so not assessable, where all users are of 1.1 and none of `kommuneadmin_roles` exists there.
        """
        rows = {t.name: Rows(t) for t in tables_of("vfs")}
        by_number: dict[str | None, list[str]] = {}
        for org_id in sorted(self.orgs):
            by_number.setdefault(self._org_number(org_id), []).append(org_id)
        for number, org_ids in by_number.items():
            first_id = min(org_ids, key=lambda org_id: _GOES_FIRST.index(self._type(org_id)))
            parents = [_reference(self.orgs[org_id].get("parent")) or "" for org_id in (first_id, *org_ids)]
            rows["org_units"].add(
                org_number=number, name=text(self.orgs[first_id].get("name")), type=self._type(first_id),
                parent_org_number=first(n for p in parents if p in self.orgs and (n := self._org_number(p)) != number))
        staff = sum([self._add_user(user_id, self.users[user_id], rows) for user_id in sorted(self.users)])
        if self.users and not staff:
            raise NoStaff(self._seen())
        old, shared = sum(map(_is_1p1, self.users.values())), len(self.orgs) - len(by_number)
        other = sum(map(self._is_doubtful, self.users.values()))
        notes = {"persons": (Note("oneroster_1p1", old, _SPEAKS_1P1), Note("other_roles", other, _OTHER_ROLES)),
                 "org_units": (Note("shared_identifier", shared, _SHARED),)}
        if old == len(self.users) > 0 and _ROLES_1P1.isdisjoint(self._admin_roles):
            del rows["accesses"]
        return {name: replace(r.table(file), notes=tuple(n for n in notes.get(name, ()) if n.count)) for name, r in rows.items()}

    def _seen(self) -> str:
        roles = Counter(_role(r) for user in self.users.values() for r in _roles(user))
        known = [f"{roles.pop(name)} {name}" for name in (*_OTHERS, *sorted(_ADMIN)) if name in roles]
        other = f"{roles.total()} of other names" if roles else ""
        return (f"{len(self.users)} users came, and none of them has a staff role (roles: "
                f"{', '.join(filter(None, [*known, other])) or 'none at all'})")

    def _type(self, org_id: str) -> str:
        return _ORG_TYPES.get(clean(text(self.orgs[org_id].get("type")) or "").lower(), "other")

    @cached_property
    def _admin_roles(self) -> set[str]:
        return set(map(_role_name, self.settings.kommuneadmin_roles))

    def _is_left_out(self, user: Mapping[str, Any]) -> bool:
        return not any(_is_staff(r) or _role(r) in _ADMIN | self._admin_roles for r in _roles(user))

    def _is_doubtful(self, user: Mapping[str, Any]) -> bool:
        """Whether the user is left out, and has a role that is not known to be of pupils and parents."""
        return self._is_left_out(user) and any(_role(r) not in _OTHERS for r in _roles(user))

    def _add_user(self, user_id: str, user: Mapping[str, Any], rows: dict[str, Rows]) -> bool:
        """Add the user, but pupils and parents; returns whether it is staff."""
        if self._is_left_out(user):
            return False
        roles = _roles(user)
        staff = [r for r in roles if _is_staff(r)]
        admin = [r for r in roles if _role(r) in self._admin_roles]
        rows["persons"].add(
            person_id=user_id, employee_number=identifier(user, self.settings.employee_number_from),
            national_id=identifier(user, self.settings.national_id_from), given_name=text(user.get("givenName")),
            family_name=text(user.get("familyName")), email=text(user.get("email")), login_enabled=text(user.get("enabledUser")))
        for role in staff:
            org, name, begin = _reference(role.get("org")) or "", text(role.get("role")) or "", day_field(role.get("beginDate"))
            rows["positions"].add(
                position_id=text(role.get("sourcedId")) or f"{user_id}:{name}:{org}:{begin or ''}", person_id=user_id,
                org_number=self._org_number(org), role=name, start_date=begin, end_date=self._end(role))
        for role in admin:
            rows["accesses"].add(
                person_id=user_id, access_group=KOMMUNEADMIN, org_number=self._org_number(_reference(role.get("org")) or ""),
                start_date=day_field(role.get("beginDate")), end_date=self._end(role))
        return bool(staff)

    def _org_number(self, org_id: str) -> str | None:
        """An org's own number; where it has none, or is not delivered, its sourcedId still identifies it."""
        return first([text(self.orgs.get(org_id, {}).get("identifier")), org_id])

    def _end(self, role: Mapping[str, Any]) -> str | None:
        """The last day of the role; OneRoster leaves open whether `endDate` is that day or the one after."""
        written = day_field(role.get("endDate"))
        if written is None or self.settings.end_date == "inclusive":
            return written
        try:
            return (date.fromisoformat(day_text(written) or "") - timedelta(days=1)).isoformat()
        except (ValueError, OverflowError):
            return written  # validation rejects it, with a reason


def identifier(user: Mapping[str, Any], where: str | None) -> str | None:
    """A user's number from the place in the settings: a field, `userIds/<type>` or `metadata/<name>`."""
    if where is None:
        return None
    field_name, _, kind = where.partition("/")
    if field_name == "userIds":
        return first(text(u.get("identifier")) for u in as_list(user.get("userIds"))
                     if isinstance(u, dict) and text(u.get("type")) == kind)
    if field_name == "metadata":
        metadata = user.get("metadata")
        return text(metadata.get(kind)) if isinstance(metadata, dict) else None
    return text(user.get(field_name))


def is_removed(record: Mapping[str, Any]) -> bool:
    return (text(record.get("status")) or "").lower() == "tobedeleted"


def gather(records: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Records by sourcedId, without those to be deleted."""
    return {str(r["sourcedId"]): r for r in records if not is_removed(r)}


def _is_1p1(user: Mapping[str, Any]) -> bool:
    return not as_list(user.get("roles")) and text(user.get("role")) is not None


def _roles(user: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The user's roles as 1.2 has them, without those to be deleted."""
    if _is_1p1(user):
        return [{"role": user["role"], "org": org} for org in as_list(user.get("orgs")) or [None]]
    roles = [r if isinstance(r, dict) else {} for r in as_list(user.get("roles"))]  # another shape is another name
    return [r for r in roles if not is_removed(r)]


def _is_staff(role: Mapping[str, Any]) -> bool:
    name = _role(role)
    return name in _STAFF or name.startswith("ext:") or name == _ADMINISTRATOR_1P1


def _role(role: Mapping[str, Any]) -> str:
    return _role_name(text(role.get("role")) or "")


def _role_name(written: str) -> str:
    """A role's name to compare: as OneRoster spells it, whatever its capitals; others in small letters."""
    name = clean(written).lower()
    return _NAMES.get(name, name)


def _reference(value: object) -> str | None:
    return text(value.get("sourcedId")) if isinstance(value, dict) else None
