"""What VFS holds in the words of OneRoster 1.2: orgs and users, pupils among them; written from 1EdTech's specification.

The sourcedIds of orgs are not their numbers.
"""

from typing import Any

Row = dict[str, str]
_ROLES = {"Lærer": "teacher", "Assistent": "aide", "Rektor": "principal", "Kontor": "siteAdministrator"}
_KINDS = {"school": "school", "kommune": "district", "other": "department"}


def records(vfs: dict[str, list[Row]]) -> dict[str, list[Any]]:
    """The records of each listing."""
    def org(number: str) -> dict[str, str]:
        return {"href": f"orgs/org-{number}", "sourcedId": f"org-{number}", "type": "org"}

    roles: dict[str, list[Any]] = {}
    for p in vfs["positions"]:
        roles.setdefault(p["person_id"], []).append({
            "roleType": "primary", "role": _ROLES.get(p["role"], f"ext:{p['role'].lower()}"), "org": org(p["org_number"]),
            **{name: p[column] for name, column in (("beginDate", "start_date"), ("endDate", "end_date")) if p[column]}})
    for a in vfs["accesses"]:
        if a["access_group"] == "Kommuneadmin":
            roles.setdefault(a["person_id"], []).append(
                {"roleType": "secondary", "role": "districtAdministrator", "org": org(a["org_number"])})
    users = [{
        "sourcedId": p["person_id"], "status": "active", "dateLastModified": "2026-01-01T00:00:00Z",
        "enabledUser": p["login_enabled"] or "true", "username": f"user{p['person_id']}", "givenName": p["given_name"],
        "familyName": p["family_name"], "identifier": p["employee_number"], "email": p["email"],
        "userIds": [{"type": "national_id", "identifier": p["national_id"]}] if p["national_id"] else [],
        "roles": roles.get(p["person_id"], [])} for p in vfs["persons"]]
    pupils = [{"sourcedId": f"pupil-{n}", "status": "active", "enabledUser": "true", "givenName": "Elev",
               "familyName": "Oppdikta", "roles": [{"roleType": "primary", "role": "student", "org": org("1")}]}
              for n in range(30)]
    gone = [{**users[0], "sourcedId": "gone", "status": "tobedeleted"}] if users else []
    return {
        "orgs": [{
            "sourcedId": f"org-{o['org_number']}", "status": "active", "name": o["name"], "type": _KINDS[o["type"]],
            "identifier": o["org_number"], **({"parent": org(o["parent_org_number"])} if o["parent_org_number"] else {}),
        } for o in vfs["org_units"]],
        "users": users + pupils + gone,
    }
