"""The page and the CSV files of an auditor's pack.

Belongs here: which columns there are, and what the page shows (`templates/`). Does not belong here: which rows (`contents`).
"""

from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from publish import labels, report
from publish.csv_files import csv_bytes
from publish.evidence.contents import Contents
from publish.pages import environment, policy

_TEMPLATES = Path(__file__).parent / "templates"
_STYLE = Path(report.__file__).parent / "templates" / "report.css"
_EXTRACT_STATUSES = {code: s.label_nb for code, s in labels.codes.statuses("extract").items()}


def write_files(pack: Contents, kommune: str) -> dict[str, bytes]:
    """{name: content} of every file but the manifest."""
    return {
        "revisjon.html": _page(pack, kommune), "kilder.csv": _sources(pack), "uttrekk.csv": _deliveries(pack),
        "saker_per_dag.csv": _counts(pack), "beslutninger.csv": _decisions(pack), "saker.csv": _cases(pack)}


def _sources(pack: Contents) -> bytes:
    return csv_bytes(
        ("Dag", "System", "Gjeldende uttrekk", "Alder i dager", "Status", "Nyere uttrekk holdt tilbake"),
        ((f["evaluation_date"], labels.SYSTEMS[f["system"]], f["current_extract_date"], f["age_days"],
          labels.FRESHNESS[f["status"]], f["withheld_extracts"]) for f in pack.freshness))


def _deliveries(pack: Contents) -> bytes:
    return csv_bytes(
        ("Uttrekk av", "System", "Levering", "Status", "Hvorfor holdt tilbake", "Rader", "Forkastede rader", "Sluppet inn av",
         "Sluppet inn dato", "Begrunnelse"),
        ((d["extract_date"], labels.SYSTEMS[d["system"]], d["arrival"], _EXTRACT_STATUSES[d["status"]], d["why_withheld"],
          d["row_count"], d["rejected_count"], _by(d["let_in_by"], d["let_in_on"]), d["let_in_on"], d["let_in_why"])
         for d in pack.deliveries))


def _by(name: str | None, decided_on: Any) -> str | None:
    return name or ("ikke oppgitt" if decided_on else None)


def _counts(pack: Contents) -> bytes:
    def numbers(count: dict[str, int] | None) -> tuple[Any, ...]:
        return tuple(count.values()) if count else ("kan ikke vurderes", "", "", "")

    return csv_bytes(
        ("Dag", "Type", "Åpne", "Unntatt", "Nye", "Løst", "Kan mangle noen"),
        ((day, labels.FINDING_TYPES[t], *numbers(count), "ja" if day in pack.days_in_doubt else "")
         for (day, t), count in pack.counts.items()))


def _decisions(pack: Contents) -> bytes:
    return csv_bytes(
        ("Dato", "Beslutning", "Gjelder", "Sak", "Navn", "Til og med", "Besluttet av", "Begrunnelse", "HRM sa", "VFS sa"),
        ((d.day, d.what, d.about, d.case_number, d.name, d.until, d.by or "ikke oppgitt", d.why, d.hrm, d.vfs)
         for d in pack.decisions))


def _cases(pack: Contents) -> bytes:
    return csv_bytes(
        ("Sak", "Typer", "Navn", "Profil i VFS", "Enhet", "Åpnet", "Kan være eldre", "Løst"),
        ((c["case_number"], _types(c), c["name"], c["person_id"], c["org_name"] or c["org_number"], c["opened_on"],
          "ja" if c["is_age_lower_bound"] else "", c["resolved_on"]) for c in pack.cases))


def _types(case: dict[str, Any]) -> str:
    return ", ".join(labels.FINDING_TYPES[t] for t in case["finding_types"])


def _page(pack: Contents, kommune: str) -> bytes:
    of_day = {(f["evaluation_date"], f["system"]): f for f in pack.freshness}
    summary = []
    for finding_type, name in labels.FINDING_TYPES.items():
        counts = [pack.counts[day, finding_type] for day in pack.days]
        known = [c for c in counts if c is not None]
        summary.append({
            "name": name, "first": counts[0] and counts[0]["open"], "last": counts[-1] and counts[-1]["open"],
            "excepted": counts[-1] and counts[-1]["excepted"], "opened": sum(c["opened"] for c in known) if known else None,
            "resolved": sum(c["resolved"] for c in known) if known else None, "unknown_days": len(counts) - len(known)})
    return _template().render(
        pack=pack, kommune=kommune, labels=labels, of_day=of_day, summary=summary, types_of=_types,
        extract_statuses=_EXTRACT_STATUSES, style=Markup(_style()), policy=policy(_style())).encode()


@cache
def _template() -> jinja2.Template:
    return environment(_TEMPLATES).get_template("revisjon.html")


def _style() -> str:
    return _STYLE.read_text(encoding="utf-8")
