"""Norwegian words for what is wrong with the data: why an extract is held back, checks that fail, rows that are not as expected,
runs that stopped. Each says what happened, what it means, and who does what.

They are made from codes and figures (`ingest.guard`, `ingest.errors`, the figures of a check), never from English text, which
stays in Dagster and in the terminal. What is a name in a file, a step or a command stands in «».
Does not belong here: which of it is told to whom (`publish.alerts`), words for codes about people (`labels`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from publish import labels
from publish.labels import counted, norwegian

Figures = Mapping[str, Any]

# The kinds of problems.
PROBLEMS = {
    "run_failed": "kjøringen stoppet", "source_down": "kilden kunne ikke hentes", "extract_refused": "uttrekket er avvist",
    "extract_quarantined": "uttrekket er i karantene", "extract_stale": "uttrekket er for gammelt",
    "check_failed": "en kontroll slår ut", "unexpected_rows": "rader som ikke er som ventet",
    "lists_outdated": "listene er ikke oppdatert", "units_emptied": "enheten har ingen stillinger igjen",
}
_ONE = {"employees": "ansatt", "positions": "stilling", "persons": "person", "accesses": "tilgang", "org_units": "enhet"}
_IN_DAGSTER = "Datateamet ser hvorfor i Dagster"
# The columns of the canonical tables.
COLUMNS = {
    "employee_number": "ansattnummer", "national_id": "fødselsnummer", "national_id_hash": "fødselsnummer",
    "given_name": "fornavn", "family_name": "etternavn", "email": "e-post", "position_id": "stillings-id",
    "org_number": "organisasjonsnummer", "position_code": "stillingskode", "position_title": "stillingstittel",
    "percentage": "stillingsprosent", "start_date": "startdato", "end_date": "sluttdato", "name": "navn", "type": "type",
    "parent_org_number": "overordnet enhet", "person_id": "person-id", "login_enabled": "innlogging",
    "registered_by": "hvem som registrerte", "role": "rolle", "hrm_position_id": "stillings-id i HRM",
    "access_group": "tilgangsgruppe",
}


def rows_of(table: str, count: int) -> str:
    """A number of rows of a table, e.g. "1 stilling" or "3 ansatte"."""
    return counted(count, _ONE[table], labels.TABLES[table])


def listed(parts: Iterable[str]) -> str:
    """Some words in a sentence, e.g. "a, b og c"."""
    *first, last = parts
    return f"{', '.join(first)} og {last}" if first else last


# --- extracts ----------------------------------------------------------------------------------------------------------

_SIZES = labels.TABLES | {"active positions": "aktive stillinger", "persons who may log in": "personer som kan logge inn"}


def _compared_with(fact: Figures) -> str:
    if "days" in fact:
        return f"det høyeste antallet på {fact['days']} dager"
    if "let_in" in fact:
        return f"det høyeste antallet siden uttrekket av {_day(fact['let_in'])} ble sluppet inn"
    return f"antallet i uttrekket av {_day(fact['of'])}" if "of" in fact else "antallet før"


def _day(text: str) -> str:
    return norwegian(date.fromisoformat(text))


def _share(fact: Figures) -> str:
    return f"{fact['count']} av {fact['total']}"


# Why a guard holds an extract back: the codes of `ingest.guard`.
GROUNDS: dict[str, Callable[[Figures], str]] = {
    "mistyped": lambda f: f"datoen ligger {f['days']} dager før det eldste uttrekket som er tatt i bruk "
                          f"({_day(f['oldest'])}), så årstallet kan være feil",
    "empty": lambda f: f"det har ingen {listed(_SIZES[t] for t in f['tables'])}",
    "fell": lambda f: f"antallet {_SIZES[f['what']]} er falt fra {f['before']} ({_compared_with(f)}) til {f['now']}",
    "rose": lambda f: f"antallet {_SIZES[f['what']]} er økt fra {f['before']} ({_compared_with(f)}) til {f['now']}",
    "keys_gone": lambda f: f"{_share(f)} {_SIZES[f['what']]} i uttrekket før er borte",
    "active_again": lambda f: f"{_share(f)} stillinger som var avsluttet, er aktive igjen",
    "dates_lost": lambda f: f"{_share(f)} sluttdatoer fram i tid er borte",
    "ownerless": lambda f: f"{_share(f)} stillinger hører ikke til noen i uttrekket",
}


def why_quarantined(facts: Iterable[Figures]) -> str:
    """Why an extract is in quarantine; one that an earlier version held back has no figures."""
    return "; ".join(GROUNDS[f["code"]](f) for f in facts if f["code"] in GROUNDS) or (
        "det avviker mye fra uttrekkene før det")


def why_refused(facts: Iterable[Figures]) -> str:
    """What of an extract could not be used, with file, line and column as far as they are known."""
    place = next(iter(facts), {})
    within = [f"linje {place['line']}"] if "line" in place else []
    if "column" in place:
        within.append(f"kolonne {_quoted(place['column'])}")
    what = f"filen {_quoted(place['file'])} kunne ikke brukes" if "file" in place else "det kunne ikke leses"
    return what + (f" ({', '.join(within)})" if within else "")


def _quoted(names: str) -> str:
    return ", ".join(f"«{name}»" for name in names.split(", "))


# --- rows --------------------------------------------------------------------------------------------------------------

# What is wrong with rows that fail an expectation of Great Expectations. {column}: its Norwegian name.
_EXPECTATIONS = {
    "expect_column_values_to_not_be_null": "uten verdi for {column}",
    "expect_column_values_to_be_unique": "med samme nøkkel som en annen rad",
    "expect_column_values_to_match_regex": "med en verdi for {column} som ikke er på riktig form",
    "expect_column_values_to_be_in_set": "med en verdi for {column} som ikke er tillatt",
}
_FLAGS = {
    "ends_after_start": "med sluttdato før startdato",
    "owner_is_delivered": "som hører til noen som ikke er med i uttrekket",
}
_PLAUSIBLE = "_is_plausible"


def unexpected_rows(about: str, count: int | None = None) -> str:
    """The rows that fail an expectation, e.g. "HRM, ansatte: 3 rader uten verdi for fornavn".

    Without `count` they are not counted. `about` is <system>_<table>/<expectation>/<column>.
    """
    place, expectation, column = about.split("/")
    system, _, table = place.partition("_")
    where = f"{labels.SYSTEMS[system]}, {labels.TABLES[table]}: "
    if expectation == "expect_table_row_count_to_be_between":
        return f"{where}ingen rader"
    rows = "rader" if count is None else counted(count, "rad", "rader")
    if column in _FLAGS:
        return f"{where}{rows} {_FLAGS[column]}"
    if column.endswith(_PLAUSIBLE):
        return f"{where}{rows} med en urimelig {COLUMNS[column.removesuffix(_PLAUSIBLE)]}"
    words = _EXPECTATIONS.get(expectation, "som ikke er som ventet").format(column=COLUMNS.get(column, "en kolonne"))
    return f"{where}{rows} {words}"


def keys_in_norwegian(keys: str) -> str:
    """The line of keys that a check ends with, e.g. "hrm positions position_id=h1, and 3 more"."""
    named, _, more = keys.partition(" and ")
    parts = [_key(part) for part in named.split(", ")]
    return ", ".join(parts) + (f" og {more.removesuffix(' more')} til" if more else "")


def _key(part: str) -> str:
    """A key: system, table, and column=value; or two ways of writing a number."""
    words = part.split(" ", 2)
    if len(words) == 3 and words[0] in labels.SYSTEMS and words[1] in labels.TABLES:
        system, table, part = words
        return f"{labels.SYSTEMS[system]} {labels.TABLES[table]} {_key(part)}"
    column, equals, value = part.partition("=")
    return f"{COLUMNS[column]} {value}" if equals and column in COLUMNS else part


# --- checks ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """A check in words: a name, and from its figures what is wrong, what it means and who does what."""

    label: str
    says: Callable[[Figures], str]


def _of_systems(figures: Figures, ending: str) -> list[tuple[str, float]]:
    """The figures <system>/<ending>, with the system's name, those that are not zero."""
    return [(labels.SYSTEMS[name.partition("/")[0]], value) for name, value in figures.items()
            if name.partition("/")[2] == ending and value]


def _contents(figures: Figures) -> str:
    parts = [(name.split("/"), count) for name, count in figures.items() if name.count("/") == 2]
    told = "; ".join(f"{labels.SYSTEMS[s]}, {labels.TABLES.get(table, 'rader')}, {COLUMNS.get(column, 'en kolonne')}: "
                     f"{counted(count, 'rad', 'rader')}" for (s, table, column), count in parts)
    return (f"mange rader har på én gang mistet eller byttet verdi, eller er avsluttet{f' ({told})' if told else ''}. Saker kan "
            "være feil eller mangle. Datateamet sjekker om uttrekket er som det skal.")


def _frozen(figures: Figures) -> str:
    days = [f"{system} i {counted(count, 'dag', 'dager')}" for system, count in _of_systems(figures, "frozen_days")]
    return (f"uttrekkene har hatt samme innhold lenge{f' ({listed(days)})' if days else ''}. Kilden kan ha stoppet, og listene "
            "kan mangle det som har skjedd. Datateamet sjekker om kilden leverer det den har i dag.")


def _folders(figures: Figures) -> str:
    counts = [f"{count:g} fra {system}" for system, count in _of_systems(figures, "passed_over")]
    told = f" ({listed(counts)})" if counts else ""
    return (f"det er levert noe som ikke leses, fordi navnet ikke er en dag til og med i dag{told}. Datateamet retter "
            "navnet, eller fjerner det.")


def _unreadable(figures: Figures) -> str:
    kept, missing = figures.get("kept_rows", 0), figures.get("may_miss_rows", 0)
    parts = [f"{counted(kept, 'rad', 'rader')} står som før"] if kept else []
    if missing:
        parts.append(f"{counted(missing, 'rad', 'rader')} kan mangle")
    return (f"rader i uttrekket kan ikke leses{f': {listed(parts)}' if parts else ''}. Sakene som gjelder dem, er verken "
            "bekreftet eller løst. Datateamet ber om rettede rader.")


def _match_rate(figures: Figures) -> str:
    now, before = figures.get("matched_percent"), figures.get("matched_percent_before")
    fell = f", mot {_decimal(before)} % før" if now is not None and before is not None and before > now else ""
    share = f"bare {_decimal(now)} % av personene i VFS kan kobles til en ansatt i HRM{fell}" if now is not None else (
        "få personer i VFS kan kobles til en ansatt i HRM")
    return (f"{share}. Mange kan da feilaktig stå som ukjente i HRM, så vent med å avslutte stillinger av den grunn. Datateamet "
            "sjekker om ansattnumrene er skrevet likt i begge systemene.")


# The comparisons of numbers that may be written differently.
COMPARISONS = {
    "vfs_persons_to_hrm_employees": ("ansattnummer i VFS og HRM", "ansattnumre i VFS og HRM"),
    "hrm_positions_to_hrm_employees": ("ansattnummer for HRM-stillinger", "ansattnumre for HRM-stillinger"),
    "vfs_positions_to_vfs_persons": ("person-id for VFS-stillinger", "person-id-er for VFS-stillinger"),
    "vfs_accesses_to_vfs_persons": ("person-id for VFS-tilganger", "person-id-er for VFS-tilganger"),
    "hrm_org_units_to_vfs_org_units": ("organisasjonsnummer i HRM og VFS", "organisasjonsnumre i HRM og VFS"),
}


def _numbers(figures: Figures) -> str:
    parts = [counted(figures[name], *words) for name, words in COMPARISONS.items() if figures.get(name)]
    alike = "er skrevet ulikt: de ville vært like uten nuller foran, mellomrom og store bokstaver"
    told = [f"{listed(parts)} {alike}"] if parts else []
    if elsewhere := figures.get("positions_elsewhere"):
        told.append(f"ingen av de {elsewhere:g} aktive stillingene i HRM er ved en enhet som VFS har hatt stillinger ved")
    return (f"{'; '.join(told) or 'numre er skrevet ulikt i systemene'}. Noen kan derfor feilaktig stå som ukjente eller uten "
            "grunnlag i HRM. Datateamet retter hvordan numrene leveres.")


def _groups(figures: Figures) -> str:
    if not figures.get("is_assessable", 1):
        return ("ingen tilgang i VFS er i en gruppe som er satt opp som kommuneadmin, så kommuneadministratorer kan ikke "
                "vurderes. Datateamet sjekker om gruppen har fått et nytt navn, og retter oppsettet.")
    if figures.get("persons"):
        return (f"{counted(figures['persons'], 'person', 'personer')} som var i en kommuneadmingruppe, har en annen gruppe ved "
                "samme enhet nå, og kan mangle i listen over kommuneadministratorer. Datateamet sjekker om gruppen har fått et "
                "nytt navn.")
    return ("VFS leverer ingen tilganger, så hvem som er kommuneadmin eller inaktiv med tilgang, er ikke kjent. Datateamet "
            "sjekker hvordan tilgangene eksporteres.")


def _always(text: str) -> Callable[[Figures], str]:
    return lambda _: text


# Every check of `orchestration.defs.checks`, also those that other parts of a message cover.
CHECKS = {
    "extracts_arrived": Check("Dagens uttrekk er kommet", _always(
        "et system har ikke levert uttrekket for i dag. Listene er laget av det forrige. Datateamet følger med.")),
    "extracts_are_recent": Check("Uttrekkene er nye nok", _always(
        "et uttrekk mangler eller er for gammelt. Datateamet finner ut hvorfor det ikke er kommet et nytt.")),
    "extracts_are_let_in": Check("Nye uttrekk er tatt i bruk", _always(
        "et nytt uttrekk er avvist eller i karantene. Datateamet slipper det inn, eller ber om et nytt.")),
    "contents_hold": Check("Innholdet holder seg", _contents),
    "sources_are_alive": Check("Kildene lever", _frozen),
    "folders_are_days": Check("Alt som er levert, blir lest", _folders),
    "rows_are_readable": Check("Radene kan leses", _unreadable),
    "no_unit_was_emptied": Check("Ingen enhet er tømt", _always(
        "en enhet har ingen aktive stillinger igjen. Datateamet sjekker om den er lagt ned, eller om noe mangler i uttrekket.")),
    "match_rate_holds": Check("Personene kan kobles", _match_rate),
    "numbers_are_written_alike": Check("Numrene er skrevet likt", _numbers),
    "identities_are_certain": Check("Identiteten er sikker", _always(
        "ansattnummer og fødselsnummer peker på ulike ansatte. Sakene sier hvem det gjelder, og hva du skal gjøre.")),
    "end_dates_propagate": Check("Sluttdatoene kommer fram", _always(
        "sluttdatoer fra HRM er ikke kommet fram til VFS. Sakene sier hvem det gjelder, og hva du skal gjøre.")),
    "kommuneadmins_are_in_order": Check("Kommuneadministratorene er gjennomgått", _always(
        "noen kommuneadministratorer bør gjennomgås. Sakene sier hvem det gjelder, og hvorfor.")),
    "kommuneadmin_groups_exist": Check("Kommuneadmingruppene finnes", _groups),
    "is_let_in": Check("Uttrekket er tatt i bruk", _always(
        "uttrekket er avvist, i karantene eller ikke hentet. Datateamet slipper det inn, eller ber om et nytt.")),
    "is_as_expected": Check("Radene er som ventet", _always(
        "noen rader er ikke som ventet. Datateamet ser hvilke i Dagster.")),
    "has_the_published_set": Check("PostgreSQL er oppdatert", _always(
        "det som er publisert, er ikke kommet fram til PostgreSQL, så de som leser der, ser det forrige. Neste kjøring skriver "
        "det på nytt. Datateamet ser hvorfor i Dagster.")),
    "messages_were_sent": Check("Meldingene er sendt", _always(
        "en melding kom ikke av sted. Neste kjøring sender innholdet på nytt. Datateamet sjekker adressen.")),
}


def check_label(name: str) -> str:
    """The name of a check for people; `name` is asset.check."""
    check = name.rpartition(".")[2]
    return f"Kontrollen «{CHECKS[check].label}» slår ut" if check in CHECKS else f"En regel om dataene holder ikke («{name}»)"


def check_says(name: str, figures: Figures) -> str:
    """What a failed check means, and who does what."""
    check = name.rpartition(".")[2]
    if check in CHECKS:
        return CHECKS[check].says(figures)
    rows = figures.get("failing_rows")
    about = f"det gjelder {counted(rows, 'rad', 'rader')}, og " if rows else ""
    return f"{about}det publiseres ikke noe nytt før det er rettet. {_IN_DAGSTER}."


# --- runs --------------------------------------------------------------------------------------------------------------

JOBS = {"daily": "Den daglige kjøringen", "one_day_again": "Kjøringen av én dag på nytt",
        "auditors_pack": "Kjøringen som lager dokumentasjonen for revisor"}
STEPS = {
    "take_in": "innlesingen av uttrekkene", "evaluate": "beregningen av sakene",
    "check_extracts": "kontrollen av radene i uttrekkene", "check_people_and_deliveries": "kontrollen av personer og leveranser",
    "evidence": "dokumentasjonen for revisor", "published": "publiseringen",
    "postgres": "publiseringen i PostgreSQL",
    "published_messages_were_sent": "kontrollen av meldingene",
    "hrm_extract": "hentingen av uttrekket fra HRM", "vfs_extract": "hentingen av uttrekket fra VFS",
    "transfer_extract": "hentingen av overføringen", "kommune": "arbeidet for kommunen",
}


def _steps(names: Iterable[str]) -> str:
    return listed(dict.fromkeys(STEPS.get(name, "et steg") for name in names))


def run_label(name: str) -> str:
    """What stopped; `name` is the job, and for one day again the day."""
    job, _, day = name.partition(" ")
    words = JOBS.get(job, "En kjøring")
    return f"{words} ({_day(day)}) stoppet" if day else f"{words} stoppet"


def run_says(*, failed_in: Iterable[str], stopped_in: Iterable[str], last_ended: str | None, run_id: str) -> str:
    """How a run stopped: the steps that failed, else those it was in when it was cut off, else the last that ended."""
    if failed := sorted(failed_in):
        how = f"den stoppet i {_steps(failed)}"
    elif stopped := sorted(stopped_in):
        how = f"den ble avbrutt i {_steps(stopped)}"
    else:
        how = f"den ble avbrutt etter {_steps([last_ended])}" if last_ended else "den stoppet i oppstarten"
    return f"{how}. Det som er publisert, står som før. {_IN_DAGSTER}, i kjøringen «{run_id}»."


def source_down_says() -> str:
    """What it means that a source could not be pulled, and who does what."""
    return f"listene er laget av det som er hentet før, og kan mangle det som har skjedd etter det. {_IN_DAGSTER}."


def _decimal(number: float) -> str:
    return f"{number:g}".replace(".", ",")
