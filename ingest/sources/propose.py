"""Proposes the settings that read an export of VFS or a flat file of HRM: a draft for a person to correct.

No cell is shown, and no heading that could be one: a wrongly recognised column, or a file without headings, may hold anything.
Values are shown only where they are words of this module's own table.
"""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.canonical_tables import ERROR_VALUE, EXPONENT_FORM, LISTED_VALUES, SYSTEMS, Kind, System, tables_of
from ingest.cells import clean
from ingest.dates import read_day
from ingest.errors import RefusedExtract
from ingest.national_ids import redact
from ingest.sources.delimited import Delimited, UnreadableRecord, headings_to_tell, records, utf16_without_mark, whole
from ingest.sources.excel import EXCEL, Sheet, visible_sheets
from ingest.sources.export import NEEDED

_LOOK_AT_ROWS = 5000
_DATE_FORMATS = ("%d/%m/%Y", "%d.%m.%y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%d/%m/%y", "%d-%m-%y")
# Headings as kommuner write them, without case, spaces and punctuation; the first that fits wins.
_PERSON = {
    "national_id": ("fødselsnummer", "fødselsnr", "fnr", "personnummer", "fødselsogpersonnummer", "fødselsnummer11siffer",
                    "nationalid"),
    "given_name": ("fornavn", "givenname"),
    "family_name": ("etternavn", "familyname"),
    "email": ("epost", "epostadresse", "epostarbeid", "email", "mail"),
}
_NUMBERS = ("ansattnummer", "ansattnr", "ansnr", "employeenumber", "lønnsnummer")
_UNIT = "name"  # of an org unit
_ORG_NUMBERS = ("organisasjonsnummer", "orgnummer", "orgnr", "skolensorgnr", "orgnumber")
_FROM = ("fom", "fomdato", "fraogmed", "fraogmeddato", "start")
_TO = ("tom", "tomdato", "tilogmed", "tilogmeddato", "slutt", "sluttet")
_HEADINGS: dict[System, dict[str, tuple[str, ...]]] = {
    "hrm": {
        "employee_number": (*_NUMBERS, "lønnsnr", "ressursnummer", "ressursnr", "ansattid"),
        **_PERSON,
        "position_id": ("stillingsid", "stillingid", "arbeidsforholdid", "arbeidsforholdsid", "positionid"),
        "org_number": (*_ORG_NUMBERS, "orgenhetnr", "virksomhetsnummer", "arbeidsstedorgnr", "arbeidsstedorganisasjonsnummer"),
        "position_code": ("stillingskode", "stillingkode", "positioncode"),
        "position_title": ("stilling", "stillingstittel", "stillingsbetegnelse", "stillingsnavn", "tittel", "positiontitle"),
        "percentage": ("stillingsprosent", "stillingspst", "prosent", "stillingsstørrelse", "percentage"),
        "start_date": ("startdato", "ansattfra", "fradato", "fra", "ansettelsesdato", "tilsattfra", "ansattdato", "startdate",
                       *_FROM),
        "end_date": ("sluttdato", "ansatttil", "tildato", "til", "tilsatttil", "fratredelsesdato", "sluttetdato", "enddate",
                     *_TO),
        _UNIT: ("orgenhet", "arbeidssted", "enhet", "enhetsnavn", "organisasjonsenhet", "skole", "avdeling"),
    },
    "vfs": {
        "person_id": ("personid", "vfsid", "ansattid", "brukerid", "id"),
        "employee_number": _NUMBERS,
        **_PERSON,
        "login_enabled": ("innlogging", "kanloggeinn", "aktivbruker", "loginenabled"),
        "registered_by": ("registrert", "registrertav", "kilde", "opprettetav", "registeredby"),
        "position_id": ("stillingid", "stillingsid", "positionid"),
        "org_number": _ORG_NUMBERS,
        "role": ("stilling", "stillingstittel", "rolle", "role"),
        "hrm_position_id": ("hrmstillingid", "hrmstilling", "hrmpositionid"),
        "start_date": ("tilsattfra", "fradato", "fra", "startdato", "startdate", *_FROM),
        "end_date": ("tilsatttil", "tildato", "til", "sluttdato", "enddate", *_TO),
        "access_group": ("tilgangsgruppe", "tilgang", "tilgangsrolle", "accessgroup"),
    },
}
# Canonical columns by which a file is known to be one system's.
_MARKS: dict[System, tuple[str, ...]] = {
    "hrm": ("position_code", "percentage", _UNIT),
    "vfs": ("person_id", "login_enabled", "registered_by", "hrm_position_id", "access_group")}
_DAYS = {"start_date": "which heading says the first day? Without it who has yet to begin counts as active",
         "end_date": "which heading says the last day? Without it who has ended cannot be told"}
_WHOLE_NAMES = ("navn", "ansattnavn", "fulltnavn", "name", "ansatt")
_MEANINGS = {
    Kind.BOOLEAN: {"ja": "true", "aktiv": "true", "1": "true", "yes": "true", "nei": "false", "inaktiv": "false", "0": "false",
                   "no": "false"},
    Kind.ORIGIN: {"manuell": "manual", "manuelt": "manual", "hrm": "hrm", "overført": "hrm", "import": "hrm"},
}


@dataclass
class Proposal:
    """Settings of an `export` source of one system (`is_guessed`: nobody said which), and what a person has to decide."""

    system: System
    is_guessed: bool
    settings: dict[str, Any]
    rows: int
    unused: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)


def propose(file: Path, system: System | None = None) -> Proposal:
    """The proposal for one file. Raises RefusedExtract when it cannot be read as a table."""
    settings: dict[str, Any] = {"adapter": "export", "path": redact(str(file))}
    questions: list[str] = []
    lines = _lines(file, settings, system, questions)
    rows = [cells for _, cells in lines]
    title_rows = _title_rows(rows)
    skip = lines[title_rows][0] - 1
    if skip:
        settings["skip_rows"] = skip
    heading = [clean(h or "") for h in rows[title_rows]]
    cells = [row + [None] * (len(heading) - len(row)) for row in rows[title_rows + 1:] if any(c and clean(c) for c in row)]
    known = system or _guess(heading)
    # Org units are VFS's, and of a flat file only a sign of what it is.
    mapped = {column: heading[i] for column, i in _recognised(heading, known).items() if column != _UNIT}
    tables, needed = _tables(mapped, known), _needed(known)
    proposal = Proposal(known, system is None, settings | {"tables": tables, "columns": mapped}, len(cells), questions=questions)
    if mapped:
        proposal.unused = headings_to_tell([h for h in heading if h and h not in mapped.values()])
    else:  # the row may be somebody's data: it is not shown
        proposal.questions.append("no heading is known: does the file begin with a row of headings? If not, export it again with "
                                  "headings; if so, write under `columns` which heading is what")
    for table in (t for t in needed if t not in tables):
        missing = [n for n in needed[table] if n not in mapped]
        proposal.questions.append(f"{table} cannot be read: which heading is {', '.join(missing)}?")
    if "positions" in tables:
        proposal.questions += [f"{column}: {question}" for column, question in _DAYS.items() if column not in mapped]
    _ask_which(heading, mapped, proposal)
    _ask_for_names(heading, mapped, proposal)
    cells_of = {column: [row[heading.index(head)] for row in cells] for column, head in mapped.items()}
    _propose_dates(cells_of, proposal)
    _propose_values(cells_of, proposal)
    _look_at_ids(cells_of, proposal)
    _look_at_org_numbers(cells_of, proposal)
    return proposal


def _guess(heading: list[str]) -> System:
    """The system that has more of the headings that only one has; else the one of which more tables can be read."""
    def fits(system: System) -> tuple[int, int]:
        found = _recognised(heading, system)
        return sum(m in found for m in _MARKS[system]), len(_tables(found, system))

    return max(reversed(SYSTEMS), key=fits)


def _needed(system: System) -> dict[str, tuple[str, ...]]:
    """The columns that the tables of a system need, but for org units."""
    return {table: columns for (of, table), columns in NEEDED.items() if of == system and table != "org_units"}


def _tables(mapped: Collection[str], system: System) -> list[str]:
    """The tables of which every needed column is there."""
    return [table for table, columns in _needed(system).items() if all(c in mapped for c in columns)]


def _lines(
    file: Path, settings: dict[str, Any], system: System | None, questions: list[str]
) -> list[tuple[int, list[str | None]]]:
    """The rows of a file with anything in them by line, as `skip_rows` counts lines."""
    with file.open("rb") as stream:
        if file.name.lower().endswith(EXCEL):
            sheet = _best_sheet(*visible_sheets(file.name, stream), settings, system, questions)
            if sheet.without_results:
                questions.append("cells hold formulas without results: open the workbook in Excel, and save it")
            lines = list(enumerate(sheet.rows, start=1))
        else:
            lines = _lines_of_text(file.name, whole(file.name, stream), settings)
    lines = [(line, cells) for line, cells in lines if any(c and clean(c) for c in cells)]
    if not lines:
        raise RefusedExtract("the file is empty", file=file.name, remedy="Export it again")
    return lines[:_LOOK_AT_ROWS]


def _best_sheet(
    sheets: list[Sheet], count: int, settings: dict[str, Any], system: System | None, questions: list[str]
) -> Sheet:
    """The sheet whose first rows hold most of the headings that are known; the first where several do."""
    systems: tuple[System, ...] = (system,) if system else SYSTEMS

    def fit(sheet: Sheet) -> int:
        rows = [[clean(c or "") for c in row] for row in sheet.rows[:20]]
        return max((len(_recognised(row, s)) for row in rows for s in systems), default=0)

    fits = [fit(s) for s in sheets]
    best = sheets[fits.index(max(fits))]
    if len(sheets) > 1:
        asked = f"the workbook has {count} sheets, of which {len(sheets)} are visible and hold rows"
        if fits.count(max(fits)) == 1:
            settings["sheet"] = redact(best.name)
            questions.append(f"{asked}: `{redact(best.name)}` fits best; is it the one?")
        else:
            questions.append(f"{asked}: which is it? Set `sheet`; this proposal is of the first that fits")
    return best


def _lines_of_text(file: str, content: bytes, settings: dict[str, Any]) -> list[tuple[int, list[str | None]]]:
    encoding = utf16_without_mark(content) or next(e for e in ("utf-8-sig", "utf-16", "cp1252", "latin-1") if _reads(content, e))
    encoding = {"utf-8-sig": "utf-8", "cp1252": "windows-1252"}.get(encoding, encoding)
    content, said, above = Delimited(encoding, "").decoded(file, content)
    begin = content.decode().splitlines()[:20]
    delimiter = said or max(";\t,|", key=lambda d: (max((line.count(d) for line in begin), default=0), d == ";"))
    settings |= {"encoding": encoding, "delimiter": delimiter}
    try:
        return [(line, list(cells)) for line, cells in records(content, delimiter)]
    except UnreadableRecord as error:
        raise RefusedExtract("quotes are not closed", file=file, line=above + error.line, remedy="Export it again") from None


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


def _recognised(heading: list[str], system: System) -> dict[str, int]:
    """{canonical column: its place} of the headings that are known."""
    plain = [_plain(h) for h in heading]
    places: dict[str, int] = {}
    for column, names in _HEADINGS[system].items():
        place = next((plain.index(n) for n in names if n in plain), None)
        if place is not None and place not in places.values():
            places[column] = place
    return places


def _plain(heading: str) -> str:
    return re.sub(r"[\W_]", "", heading.lower())


def _ask_which(heading: list[str], mapped: dict[str, str], proposal: Proposal) -> None:
    """Ask where two headings could be one column: both are words of this module's table."""
    for column, taken in mapped.items():
        others = [h for h in heading if _plain(h) in _HEADINGS[proposal.system][column] and h not in mapped.values()]
        if others:
            proposal.questions.append(f"{column}: {' and '.join(f'`{h}`' for h in (taken, *others))} could be it: which is?")


def _ask_for_names(heading: list[str], mapped: dict[str, str], proposal: Proposal) -> None:
    if {"given_name", "family_name"} & mapped.keys() or not any(_plain(h) in _WHOLE_NAMES for h in heading):
        return
    needs = ("employees need only their number, and are shown without a name" if proposal.system == "hrm" else
             "persons need both given_name and family_name")
    proposal.questions.append(f"there is one column for the whole name, and none for given_name and family_name: {needs}. Export "
                              "the two apart where you can")


def _look_at_ids(cells_of: dict[str, list[str | None]], proposal: Proposal) -> None:
    ids = {c.name for t in tables_of(proposal.system) for c in t.columns if c.is_id or c.kind is Kind.NATIONAL_ID}
    for column in [c for c in cells_of if c in ids]:
        errors = sum(bool(v and re.fullmatch(ERROR_VALUE, clean(v))) for v in cells_of[column])
        if errors:
            proposal.questions.append(f"{column}: {errors} values are errors of the spreadsheet: these rows cannot be used. "
                                      "Correct its formulas, and export it again")
        count = sum(bool(v and re.fullmatch(EXPONENT_FORM, clean(v))) for v in cells_of[column])
        if count:
            proposal.questions.append(f"{column}: {count} values are in exponent form, which has lost digits: these rows cannot "
                                      "be used. Export the column as text; in Excel, format it so before the numbers come in")


def _look_at_org_numbers(cells_of: dict[str, list[str | None]], proposal: Proposal) -> None:
    values = [text for v in cells_of.get("org_number", []) if (text := clean(v or ""))]
    strange = sum(re.fullmatch("[0-9]{9}", v) is None for v in values)
    if strange * 2 > len(values):
        proposal.questions.append(f"org_number: {strange} of {len(values)} values are no organisation numbers (nine digits). Is "
                                  "it the wrong heading? If not, say under `values` which number each stands for")


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
    kinds = {c.name: c.kind for t in tables_of(proposal.system) for c in t.columns}
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
