"""What HRM holds as a Stamdata3 file of Unit4 ERP, written from what is known of the format (docs/sources.md).

Units have codes of their own; which organisation number each has is not in the file, but in `codes`.
"""

from pathlib import Path
from xml.sax.saxutils import escape

Row = dict[str, str]
_OPEN = "2099-12-31"
_ALWAYS = "<DateFrom>0001-01-01T00:00:00</DateFrom><DateTo>9999-12-31T23:59:59.9999999</DateTo><Status>N</Status>"


def codes(hrm: dict[str, list[Row]]) -> dict[str, str]:
    """{code of a unit: its organisation number}."""
    return {f"{number:06}": unit["org_number"] for number, unit in enumerate(hrm["org_units"], start=100)}


def write(file: Path, hrm: dict[str, list[Row]]) -> None:
    """Write one file of all people."""
    code_of = {number: code for code, number in codes(hrm).items()}
    jobs: dict[str, list[str]] = {}
    for sequence, position in enumerate(hrm["positions"], start=300_000):
        jobs.setdefault(position["employee_number"], []).append(_employment(sequence, position, code_of[position["org_number"]]))
    people = [_resource(e, jobs.get(e["employee_number"], [])) for e in hrm["employees"]]
    units = [f"<Organisation><CompanyCode>EK</CompanyCode><Name>{escape(o['name'])}</Name><Id>{code_of[o['org_number']]}</Id>"
             f"<ParentId>{code_of.get(o['parent_org_number'], '')}</ParentId>{_ALWAYS}</Organisation>" for o in hrm["org_units"]]
    file.write_text("\n".join([
        '<?xml version="1.0" encoding="utf-8"?>', "<ExportInfo>", "<Resources>", *people, "</Resources>",
        f"<NumberOfResources>{len(people)}</NumberOfResources>", "<Organisations>", *units, "</Organisations>", "</ExportInfo>"]),
        encoding="utf-8")


def _resource(e: Row, employments: list[str]) -> str:
    mail = f"<Addresses><Address><EMailList><string>{escape(e['email'])}</string></EMailList></Address></Addresses>"
    return (f"<Resource>{mail}<Employments>{''.join(employments)}</Employments><CompanyCode>EK</CompanyCode>"
            f"<ResourceId>{escape(e['employee_number'])}</ResourceId><DateFrom>2000-01-01</DateFrom><DateTo>{_OPEN}</DateTo>"
            f"<FirstName>{escape(e['given_name'])}</FirstName><Surname>{escape(e['family_name'])}</Surname>"
            f"<SocialSecurityNumber>{e['national_id']}</SocialSecurityNumber><Status>N</Status></Resource>")


def _employment(sequence: int, p: Row, code: str) -> str:
    dates = f"<DateFrom>{p['start_date']}</DateFrom><DateTo>{p['end_date'] or _OPEN}</DateTo>"
    place = f"<Relation Type='MNAL' ElementType='ORGANIZATIONAL_UNIT'><Value>{code}</Value>{dates}</Relation>"
    return (f"<Employment ResourceId='{escape(p['employee_number'])}'><Percentage>{p['percentage']}</Percentage>"
            f"<PostCode>{escape(p['position_code'])}</PostCode><PostCodeDescription>{escape(p['position_title'])}"
            f"</PostCodeDescription><Relations>{place}</Relations>{dates}<SequenceRef>{sequence}</SequenceRef></Employment>")
