"""What VFS holds as a PIFU-IMS file, pupils among the staff: written from Utdanningsdirektoratet's description, version 1.3.

A person who got a new id carries the old one as well, and memberships may still name the old.
"""

from pathlib import Path
from xml.sax.saxutils import escape

Row = dict[str, str]
_ROLES = {"Lærer": "02", "Rektor": "05", "Kontor": "07", "Assistent": "08"}
_KINDS = {"kommune": "skoleeier", "school": "skole"}
_EVERY_NTH_HAS_AN_OLD_ID = 10


def write(file: Path, vfs: dict[str, list[Row]]) -> None:
    """Write one full file. Units that are neither school nor kommune have no place in the format."""
    old = {p["person_id"]: f"old-{p['person_id']}" for p in vfs["persons"][::_EVERY_NTH_HAS_AN_OLD_ID]}
    units = [o for o in vfs["org_units"] if o["type"] in _KINDS]
    members: dict[str, list[str]] = {o["org_number"]: [_pupil(n) for n in range(3)] for o in units}
    for position in vfs["positions"]:
        if position["org_number"] in members:
            members[position["org_number"]].append(_member(position, old.get(position["person_id"], position["person_id"])))
    parts = ['<?xml version="1.0" encoding="UTF-8"?><enterprise xmlns="http://pifu.no/xsd/pifu-ims_sas/pifu-ims_sas-v1">',
             "<properties><datasource>demo</datasource><type>full</type></properties>",
             *(_person(p, old.get(p["person_id"])) for p in vfs["persons"]),
             *(f"<person>{_id(f'pupil-{n}')}<name><n><family>Oppdikta</family><given>Elev</given></n></name></person>"
               for n in range(3)),
             *map(_group, units),
             *(f"<membership>{_id(_org(org))}{''.join(xml)}</membership>" for org, xml in members.items()), "</enterprise>"]
    file.write_text("\n".join(parts), encoding="utf-8")


def _id(value: str, kind: str = "") -> str:
    return f"<sourcedid{kind and f' sourcedidtype={kind!r}'}><source>demo</source><id>{escape(value)}</id></sourcedid>"


def _org(number: str) -> str:
    return f"org-{number}"


def _person(p: Row, old: str | None) -> str:
    ids = _id(old, "Old") + _id(p["person_id"], "New") if old else _id(p["person_id"])
    users = "".join(f"<userid useridtype='{kind}'>{escape(value)}</userid>" for kind, value in (
        ("personNIN", p["national_id"]), ("workforceID", p["employee_number"])) if value)
    return (f"<person>{ids}{users}<name><n><family>{escape(p['family_name'])}</family><given>{escape(p['given_name'])}</given>"
            f"</n></name><email>{escape(p['email'])}</email></person>")


def _group(o: Row) -> str:
    above = f"<relationship>{_id(_org(o['parent_org_number']))}</relationship>" if o["parent_org_number"] else ""
    return (f"<group>{_id(_org(o['org_number']))}<grouptype><scheme>demo</scheme><typevalue level='1'>{_KINDS[o['type']]}"
            f"</typevalue></grouptype><description><short>{escape(o['name'])}</short></description>{above}<extension>"
            f"<pifu_id type='organizationNumber'><pifu_value>{o['org_number']}</pifu_value></pifu_id></extension></group>")


def _member(position: Row, person: str) -> str:
    times = "".join(f"<{name}>{position[column]}</{name}>" for name, column in (("begin", "start_date"), ("end", "end_date"))
                    if position[column])
    return (f"<member>{_id(person)}<idtype>1</idtype><role roletype='{_ROLES.get(position['role'], '04')}'><status>1</status>"
            f"<timeframe>{times}</timeframe></role></member>")


def _pupil(n: int) -> str:
    return f"<member>{_id(f'pupil-{n}')}<idtype>1</idtype><role roletype='01'><status>1</status></role></member>"
