"""What HRM holds as saved answers of Paga's services, written from what is known of the format (docs/sources.md)."""

from pathlib import Path
from xml.sax.saxutils import escape

Row = dict[str, str]
_EMPLOYER = "2121200"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


def write(folder: Path, hrm: dict[str, list[Row]]) -> None:
    """Write two answers: everybody, and the units with their organisation numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    codes = {unit["org_number"]: str(number) for number, unit in enumerate(hrm["org_units"], start=10)}
    jobs: dict[str, list[str]] = {}
    for number, position in enumerate(hrm["positions"], start=1):
        jobs.setdefault(position["employee_number"], []).append(_job(number, position, codes[position["org_number"]]))
    people = [_person(e, jobs.get(e["employee_number"], [])) for e in hrm["employees"]]
    _save(folder / "ansatte.xml", "<GetAnsattListResultMessage xmlns='http://ansattlist.bluegarden.no/service/v3_1'><AnsattList "
          "xmlns='http://ansattlist.bluegarden.no/object/v3_1'>", people, "</AnsattList></GetAnsattListResultMessage>")
    units = [f"<OrgUnit><OrgNavn>{escape(o['name'])}</OrgNavn><GroupId>{_group(codes[o['org_number']])}</GroupId>"
             f"<ParentGroupId>{_group(codes[o['parent_org_number']]) if o['parent_org_number'] else ''}</ParentGroupId>"
             f"<OrgnrBedrift>{o['org_number']}</OrgnrBedrift></OrgUnit>" for o in hrm["org_units"]]
    _save(folder / "enheter.xml", "<getOrgUnitResponse xmlns='http://bluegarden.no/organisation/structure/service/v31'>", units,
          "</getOrgUnitResponse>")


def _save(file: Path, before: str, elements: list[str], after: str) -> None:
    file.write_text("\n".join([
        '<?xml version="1.0" encoding="utf-8"?>', f"<e:Envelope xmlns:e='{_ENVELOPE}'><e:Header/><e:Body>{before}", *elements,
        f"{after}</e:Body></e:Envelope>"]), encoding="utf-8")


def _group(code: str) -> str:
    return f"{_EMPLOYER}/{code:0>10}"


def _person(e: Row, jobs: list[str]) -> str:
    return (f"<Ansatt><Fornavn>{escape(e['given_name'])}</Fornavn><Etternavn>{escape(e['family_name'])}</Etternavn>"
            f"<AnsattNummer>{escape(e['employee_number'])}</AnsattNummer><Fodselsnummer>{e['national_id']}</Fodselsnummer>"
            f"<ArbeidsgiverNummer>{_EMPLOYER}</ArbeidsgiverNummer>{''.join(jobs)}</Ansatt>")


def _job(number: int, p: Row, code: str) -> str:
    end = f"<Stoppdato>{p['end_date']}</Stoppdato>" if p["end_date"] else ""
    return (f"<Arbeidsforhold status='{'Sluttet' if p['end_date'] else 'Aktiv'}'><Arbeidsforholdnummer>{number}"
            f"</Arbeidsforholdnummer><OrgUnitId>{code}</OrgUnitId><Startdato>{p['start_date']}</Startdato>{end}"
            f"<Stillingskode><Beskrivelse>{escape(p['position_title'])}</Beskrivelse></Stillingskode></Arbeidsforhold>")
