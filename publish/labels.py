"""Norwegian words for what the marts say in codes. Everything that people read takes its words from here.

Belongs here: labels and sentences for codes. Does not belong here: what to click (dbt's remedies, beside the rules).
"""

from datetime import date
from typing import Any

FINDING_TYPES = {
    "active_vfs_inactive_hrm": "Aktiv VFS - Inaktiv HRM",
    "stale_position": "Aktiv stilling uten grunnlag i HRM",
    "manual_position": "Manuelt registrert",
    "unknown_in_hrm": "Ukjent i HRM",
    "end_date_not_propagated": "Sluttdato ikke overført",
    "ended_early_in_vfs": "Avsluttet i VFS, aktiv i HRM",
    "inactive_with_access": "Inaktive med tilgang",
    "access_without_position": "Tilgang uten stilling ved skolen",
    "kommuneadmin_review": "Kommuneadmin til gjennomgang",
    "disputed_identity": "Usikker identitet",
}

# Excel allows 31 characters in the name of a sheet.
SHEETS = FINDING_TYPES | {
    "stale_position": "Stilling uten grunnlag i HRM", "access_without_position": "Tilgang uten stilling",
}

# What a type is about, in a sentence: shown above its list.
MEANINGS = {
    "active_vfs_inactive_hrm": "Stillingen er aktiv i VFS, men personen har ingen aktiv stilling i HRM lenger.",
    "stale_position": "Personen arbeider fortsatt i kommunen, men HRM har ingen stilling ved denne enheten. VFS' egne søk finner "
                      "ikke disse.",
    "manual_position": "Stillingen er registrert manuelt i VFS, og HRM har ingen stilling som svarer til den.",
    "unknown_in_hrm": "Stillingen er aktiv i VFS, men personen finnes ikke i HRM.",
    "end_date_not_propagated": "HRM har satt en sluttdato som VFS ikke har fått: tilgangen vil vare lenger enn jobben.",
    "ended_early_in_vfs": "Stillingen er avsluttet i VFS, men er aktiv i HRM: personen kan mangle tilgang til jobben sin.",
    "inactive_with_access": "Personen har ingen aktiv stilling ved noen skole, men har en tilgang som virker.",
    "access_without_position": "Personen har stilling ved en annen skole, men en tilgang virker fortsatt ved denne. VFS' egne "
                               "søk finner ikke disse.",
    "kommuneadmin_review": "Kommuneadmin som ikke er bekreftet, og som det er en grunn til å se på.",
    "disputed_identity": "Ansattnummer og fødselsnummer peker på ulike ansatte, eller flere deler det samme.",
}

FINDING_STATUSES = {"open": "åpent", "excepted": "unntatt", "resolved": "løst"}

HRM_STATUSES = {
    "active": "aktiv i HRM", "not_started": "ikke startet i HRM", "inactive": "inaktiv i HRM", "unknown": "ukjent i HRM",
}

MATCH_METHODS = {
    "employee_number": "ansattnummer", "national_id": "fødselsnummer", "none": "ikke koblet",
}

CAUSES = {
    "manual_position": "Stillingen er registrert manuelt i VFS. HRM overfører ingenting til den, så den avsluttes aldri av "
                       "seg selv.",
    "overridden": "Sluttdatoen kom til VFS, men er senere endret der. VFS følger ikke lenger HRM.",
    "backdated": "Sluttdatoen ble satt tilbake i tid i HRM. Da den ble kjent, var dagen passert, og slike datoer overføres "
                 "ikke til VFS.",
    "vanished": "Stillingen forsvant fra HRM uten sluttdato, så det fantes ingen dato å overføre.",
    "date_differs": "VFS har en annen sluttdato enn HRM.",
    "before_first_extract": "Sluttdatoen sto i HRM allerede i det første uttrekket. Når den ble satt, vet vi ikke.",
    "not_transferred": "Sluttdatoen er kjent i HRM, men er ikke overført til VFS.",
    "moved": "HRM har stillingen ved en annen enhet.",
    "not_started": "Stillingen i HRM har ikke startet ennå.",
    "no_counterpart": "Ingen stilling i HRM svarer til denne stillingen i VFS.",
}

SHORT_CAUSES = {
    "manual_position": "Registrert manuelt", "overridden": "Endret i VFS etterpå", "backdated": "Sluttdato satt tilbake i tid",
    "vanished": "Forsvant fra HRM uten sluttdato", "date_differs": "VFS har en annen dato",
    "before_first_extract": "Satt før første uttrekk", "not_transferred": "Ikke overført", "moved": "Flyttet til en annen enhet",
    "not_started": "Ikke startet i HRM", "no_counterpart": "Ingen tilsvarende stilling i HRM",
}

REVIEW_REASONS = {
    "inactive_in_hrm": "er inaktiv i HRM", "not_in_hrm": "finnes ikke i HRM", "no_position": "har ingen aktiv stilling i VFS",
    "manual_profile": "har en profil som er registrert manuelt",
}

REGISTERED_BY = {"hrm": "overført fra HRM", "manual": "registrert manuelt"}

SYSTEMS = {"hrm": "HRM", "vfs": "VFS"}

# Problems with the data, and the tables they are in.
PROBLEMS = {
    "run_failed": "kjøringen stoppet", "source_down": "kilden kunne ikke hentes", "extract_refused": "uttrekket er avvist",
    "extract_quarantined": "uttrekket er i karantene", "extract_stale": "uttrekket er for gammelt",
    "check_failed": "en kontroll slår ut",
}

TABLES = {"employees": "ansatte", "positions": "stillinger", "persons": "personer"}

FRESHNESS = {"fresh": "ferskt", "stale": "for gammelt", "missing": "mangler"}

# What may be said not to be assessable beside the finding types.
NOT_ASSESSABLE = FINDING_TYPES | {
    "manual_registrations": "hvilke stillinger som er registrert manuelt", "manual_profile": "hvilke profiler som er registrert "
    "manuelt", "kommuneadmin_roster": "hvem som er kommuneadmin", "end_date_propagation": "om sluttdatoer kommer fram",
}

EXTRACT_STATUSES = {
    "accepted": "mottatt", "replaced": "erstattet", "quarantined": "i karantene", "refused": "avvist", "missing": "mangler",
}


def norwegian(day: date | None) -> str:
    """A date as Norwegians write it; a dash for none."""
    return day.strftime("%d.%m.%Y") if day else "–"


def period(start: date | None, end: date | None) -> str:
    """The days from `start` to `end`, both included, e.g. "01.08.2020 – uten sluttdato"."""
    return f"{norwegian(start) if start else 'uten startdato'} – {norwegian(end) if end else 'uten sluttdato'}"


def why(case: dict[str, Any]) -> str:
    """Why a case (a row of the mart `cases`) is one, in a sentence."""
    groups = case["access_groups"] or "en tilgang"
    match case["finding_type"]:
        case "end_date_not_propagated":
            until = f"har {norwegian(case['vfs_end_date'])}" if case["vfs_end_date"] else "har ingen"
            return (f"HRM har sluttdato {norwegian(case['hrm_end_date'])}, kjent siden "
                    f"{norwegian(case['hrm_end_date_known_on'])}. VFS {until}.")
        case "ended_early_in_vfs":
            return "HRM har stillingen som aktiv, men VFS har ingen løpende stilling for personen ved enheten."
        case "inactive_with_access":
            return f"Ingen aktiv stilling ved noen skole, men {groups} virker."
        case "access_without_position":
            return f"Ingen aktiv stilling ved skolen, men {groups} virker der."
        case "kommuneadmin_review":
            return f"Har kommuneadmin-tilgang og {REVIEW_REASONS.get(case['review_reason'], 'kan ikke vurderes nå')}."
        case "disputed_identity":
            return MEANINGS["disputed_identity"]
    if case["cause"] == "not_started" and case["hrm_end_date"] and case["hrm_end_date"] <= case["as_of_date"]:
        return f"Stillingen er avsluttet i HRM, og VFS har fått sluttdatoen {norwegian(case['hrm_end_date'])}."
    return CAUSES.get(case["cause"], MEANINGS[case["finding_type"]])


def full_name(row: dict[str, Any]) -> str:
    """Given and family name of a row; empty where it has none."""
    return " ".join(filter(None, [row["given_name"], row["family_name"]]))
