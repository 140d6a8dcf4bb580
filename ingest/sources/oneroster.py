"""The `oneroster` adapter: VFS's persons, positions and org units from OneRoster 1.2, by REST or from CSV files.

Source of the rules: contract#adapter-oneroster; the wire formats: 1EdTech OneRoster 1.2 (REST rostering, CSV binding 1.2.1).
Belongs here: what of OneRoster is which canonical column. How pages are asked for is `oneroster_rest`, how files are read
`oneroster_files`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from ingest.canonical_tables import tables_of
from ingest.sources.base import RawTable
from ingest.sources.pulled import Rows, as_list, first, text

_STAFF = {"aide", "counselor", "principal", "proctor", "siteAdministrator", "teacher"}
_ADMIN = {"districtAdministrator", "systemAdministrator"}
_ORG_TYPES = {"school": "school", "district": "kommune"}
KOMMUNEADMIN = "Kommuneadmin"


@dataclass(frozen=True)
class Meaning:
    """What the settings say of OneRoster's open ends."""

    employee_number_from: str | None
    national_id_from: str | None
    kommuneadmin_roles: frozenset[str]
    end_is_exclusive: bool


@dataclass
class Roster:
    """Users with their roles, and orgs, gathered; `tables` makes the canonical tables of them."""

    meaning: Meaning
    orgs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    users: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def tables(self, file: str) -> dict[str, RawTable]:
        rows = {t.name: Rows(t) for t in tables_of("vfs")}
        for org_id in sorted(self.orgs):
            org = self.orgs[org_id]
            parent = self.orgs.get(_reference(org.get("parent")) or "")
            rows["org_units"].add(
                org_number=self._org_number(org_id), name=text(org.get("name")),
                type=_ORG_TYPES.get(text(org.get("type")) or "", "other"),
                parent_org_number=self._org_number(_reference(org.get("parent")) or "") if parent else None)
        for user_id in sorted(self.users):
            self._add_user(user_id, self.users[user_id], rows)
        return {name: r.table(file) for name, r in rows.items()}

    def _add_user(self, user_id: str, user: Mapping[str, Any], rows: dict[str, Rows]) -> None:
        roles = [r for r in as_list(user.get("roles")) if isinstance(r, dict)]
        staff = [r for r in roles if _is_staff(r)]
        admin = [r for r in roles if text(r.get("role")) in self.meaning.kommuneadmin_roles]
        if not staff and not admin and not any(text(r.get("role")) in _ADMIN for r in roles):
            return  # pupils and parents
        rows["persons"].add(
            person_id=user_id, employee_number=identifier(user, self.meaning.employee_number_from),
            national_id=identifier(user, self.meaning.national_id_from), given_name=text(user.get("givenName")),
            family_name=text(user.get("familyName")), email=text(user.get("email")), login_enabled=text(user.get("enabledUser")))
        for role in staff:
            org, name, begin = _reference(role.get("org")) or "", text(role.get("role")) or "", text(role.get("beginDate"))
            rows["positions"].add(
                position_id=text(role.get("sourcedId")) or f"{user_id}:{name}:{org}:{begin or ''}", person_id=user_id,
                org_number=self._org_number(org), role=name, start_date=_day(begin), end_date=self._end(role))
        for role in admin:
            rows["accesses"].add(
                person_id=user_id, access_group=KOMMUNEADMIN, org_number=self._org_number(_reference(role.get("org")) or ""),
                start_date=_day(text(role.get("beginDate"))), end_date=self._end(role))

    def _org_number(self, org_id: str) -> str | None:
        """An org's own number; where it has none, or is not delivered, its sourcedId still tells units apart."""
        return first([text(self.orgs.get(org_id, {}).get("identifier")), org_id])

    def _end(self, role: Mapping[str, Any]) -> str | None:
        """The last day of the role; OneRoster leaves open whether `endDate` is that day or the one after."""
        told = _day(text(role.get("endDate")))
        if told is None or not self.meaning.end_is_exclusive:
            return told
        try:
            return (date.fromisoformat(told) - timedelta(days=1)).isoformat()
        except (ValueError, OverflowError):
            return told  # the door rejects it, and says so


def identifier(user: Mapping[str, Any], where: str | None) -> str | None:
    """A number of a user as the settings say where it stands: a field, `userIds/<type>` or `metadata/<name>`."""
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


def _is_staff(role: Mapping[str, Any]) -> bool:
    name = text(role.get("role")) or ""
    return name in _STAFF or name.startswith("ext:")


def _reference(value: object) -> str | None:
    return text(value.get("sourcedId")) if isinstance(value, dict) else None


def _day(value: str | None) -> str | None:
    """A date, also where a time stands behind it."""
    return value[:10] if value and len(value) > 10 and value[10] in "T " else value
