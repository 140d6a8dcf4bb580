"""Proposes the settings that read an export: a draft for a person to correct.

No cell is shown, and no heading that could be one: a wrongly recognised column, or a file without headings, may hold anything.
Values are shown only where they are words of this module's own table.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.canonical_tables import LISTED_VALUES, Kind, tables_of
from ingest.cells import clean
from ingest.dates import read_day
from ingest.errors import RefusedExtract
from ingest.national_ids import redact
from ingest.sources.delimited import Delimited, UnreadableRecord, headings_to_tell, whole
from ingest.sources.export import EXCEL, NEEDED, excel_rows

_LOOK_AT_ROWS = 5000
_DATE_FORMATS = ("%d/%m/%Y", "%d.%m.%y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d")
# Headings as kommuner write them, without case, spaces and punctuation; the first that fits wins.
_HEADINGS = {
    "person_id": ("personid", "vfsid", "ansattid", "brukerid", "id"),
    "employee_number": ("ansattnummer", "ansattnr", "ansnr", "employeenumber", "lønnsnummer"),
    "national_id": ("fødselsnummer", "fødselsnr", "fnr", "personnummer", "fødselsogpersonnummer", "nationalid"),
    "given_name": ("fornavn", "givenname"),
    "family_name": ("etternavn", "familyname"),
    "email": ("epost", "epostadresse", "email", "mail"),
    "login_enabled": ("innlogging", "kanloggeinn", "aktivbruker", "loginenabled"),
    "registered_by": ("registrert", "registrertav", "kilde", "opprettetav", "registeredby"),
    "position_id": ("stillingid", "stillingsid", "positionid"),
    "org_number": ("organisasjonsnummer", "orgnummer", "orgnr", "skolensorgnr", "orgnumber"),
    "role": ("stilling", "stillingstittel", "rolle", "role"),
    "hrm_position_id": ("hrmstillingid", "hrmstilling", "hrmpositionid"),
    "start_date": ("tilsattfra", "fradato", "fra", "startdato", "startdate"),
    "end_date": ("tilsatttil", "tildato", "til", "sluttdato", "enddate"),
    "access_group": ("tilgangsgruppe", "tilgang", "tilgangsrolle", "accessgroup"),
}
_MEANINGS = {
    Kind.BOOLEAN: {"ja": "true", "aktiv": "true", "1": "true", "yes": "true", "nei": "false", "inaktiv": "false", "0": "false",
                   "no": "false"},
    Kind.ORIGIN: {"manuell": "manual", "manuelt": "manual", "hrm": "hrm", "overført": "hrm", "import": "hrm"},
}


@dataclass
class Proposal:
    """Settings of an `export` source, and what a person has to decide."""

    settings: dict[str, Any]
    rows: int
    unused: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


def propose(file: Path) -> Proposal:
    """The proposal for one export. Raises RefusedExtract when it cannot be read as a table."""
    settings: dict[str, Any] = {"adapter": "export", "path": redact(str(file))}
    rows = _rows(file, settings)
    skip = _title_rows(rows)
    if skip:
        settings["skip_rows"] = skip
    heading = [clean(h or "") for h in rows[skip]]
    cells = [row + [None] * (len(heading) - len(row)) for row in rows[skip + 1:]]
    mapped = {column: heading[i] for column, i in _recognised(heading).items()}
    tables = [t for t, needed in NEEDED.items() if t != "org_units" and all(n in mapped for n in needed)]
    proposal = Proposal(settings, len(cells))
    if mapped:
        proposal.unused = headings_to_tell([h for h in heading if h and h not in mapped.values()])
    else:  # the row may be somebody's data: it is not shown
        proposal.questions.append("no heading is known: does the file begin with a row of headings?")
    settings |= {"tables": tables, "columns": mapped}
    for table in ("persons", "positions", "accesses"):
        if table not in tables:
            missing = [n for n in NEEDED[table] if n not in mapped]
            proposal.questions.append(f"{table} cannot be read: which heading is {', '.join(missing)}?")
    cells_of = {column: [row[heading.index(head)] for row in cells] for column, head in mapped.items()}
    _propose_dates(cells_of, proposal)
    _propose_values(cells_of, proposal)
    return proposal


def _rows(file: Path, settings: dict[str, Any]) -> list[list[str | None]]:
    rows: list[list[str | None]]
    if file.name.lower().endswith(EXCEL):
        with file.open("rb") as stream:
            rows = excel_rows(file.name, stream, None)
    else:
        with file.open("rb") as stream:
            content = whole(file.name, stream)
        encoding = next(e for e in ("utf-8-sig", "utf-16", "cp1252", "latin-1") if _reads(content, e))
        encoding = "utf-8" if encoding == "utf-8-sig" else "windows-1252" if encoding == "cp1252" else encoding
        lines = content.decode(encoding).lstrip("\ufeff").splitlines()[:20]
        delimiter = max(";\t,|", key=lambda d: (max((line.count(d) for line in lines), default=0), d == ";"))
        settings |= {"encoding": encoding, "delimiter": delimiter}
        written = Delimited(encoding, delimiter)
        try:
            rows = [list(cells) for _, cells in written.records(written.to_utf8(file.name, content))]
        except UnreadableRecord as error:
            raise RefusedExtract("quotes are not closed", file=file.name, line=error.line, remedy="Export it again") from None
    if not rows:
        raise RefusedExtract("the file is empty", file=file.name, remedy="Export it again")
    return rows[:_LOOK_AT_ROWS]


def _reads(content: bytes, encoding: str) -> bool:
    if encoding == "utf-16" and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _title_rows(rows: list[list[str | None]]) -> int:
    """The number of title rows above the heading: rows with far fewer cells than most."""
    widths = [sum(bool(c and c.strip()) for c in row) for row in rows[:20]]
    usual = Counter(len(row) for row in rows[:200] if any(row)).most_common(1)[0][0]
    return next((n for n, width in enumerate(widths) if width > max(1, usual // 2)), 0)


def _recognised(heading: list[str]) -> dict[str, int]:
    plain = [re.sub(r"[\W_]", "", h.lower()) for h in heading]
    places: dict[str, int] = {}
    for column, names in _HEADINGS.items():
        place = next((plain.index(n) for n in names if n in plain), None)
        if place is not None and place not in places.values():
            places[column] = place
    return places


def _propose_dates(cells_of: dict[str, list[str | None]], proposal: Proposal) -> None:
    for column in ("start_date", "end_date"):
        values = [clean(v) for v in cells_of.get(column, []) if v and clean(v)]
        strange = [v for v in values if read_day(v) is None]
        if not strange:
            continue
        fits = next((f for f in _DATE_FORMATS if all(read_day(v, f) for v in strange)), None)
        if fits:
            proposal.settings["date_format"] = fits
        else:
            proposal.questions.append(f"{column}: {len(strange)} values are no date in a format that is known; set `date_format`")


def _propose_values(cells_of: dict[str, list[str | None]], proposal: Proposal) -> None:
    kinds = {c.name: c.kind for t in tables_of("vfs") for c in t.columns}
    for column, cells in cells_of.items():
        kind = kinds[column]
        if kind is not Kind.BOOLEAN and kind not in LISTED_VALUES:
            continue
        known = ("true", "false") if kind is Kind.BOOLEAN else LISTED_VALUES[kind]
        values = {clean(c).lower() for c in cells if c} - {"", *known}
        meanings = {v.capitalize(): m for v in sorted(values) if (m := _MEANINGS[kind].get(v))}
        if meanings:
            proposal.settings.setdefault("values", {})[column] = meanings
        unknown = len(values) - len(meanings)
        if unknown:
            are = "value is" if unknown == 1 else "different values are"
            proposal.questions.append(f"{column}: {unknown} {are} none of {', '.join(known)}, nor known otherwise. Say under "
                                      f"`values` what each means; or is it the wrong heading?")
