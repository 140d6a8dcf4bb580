"""Norwegian words for what the marts say in codes. Everything that people read takes its words from here.

Belongs here: labels and sentences for codes. Does not belong here: what to click (dbt's remedies, beside the rules).
"""

from datetime import date

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

REVIEW_REASONS = {
    "inactive_in_hrm": "er inaktiv i HRM", "not_in_hrm": "finnes ikke i HRM", "no_position": "har ingen aktiv stilling i VFS",
    "manual_profile": "har en profil som er registrert manuelt",
}

REGISTERED_BY = {"hrm": "overført fra HRM", "manual": "registrert manuelt"}

EXTRACT_STATUSES = {
    "accepted": "mottatt", "replaced": "erstattet", "quarantined": "i karantene", "refused": "avvist", "missing": "mangler",
}


def norwegian(day: date | None) -> str:
    """A date as Norwegians write it; a dash for none."""
    return day.strftime("%d.%m.%Y") if day else "–"


def period(start: date | None, end: date | None) -> str:
    """The days from `start` to `end`, both included, e.g. "01.08.2020 – uten sluttdato"."""
    return f"{norwegian(start) if start else 'uten startdato'} – {norwegian(end) if end else 'uten sluttdato'}"
