"""What `find` says of somebody of whom something is not known."""

from io import StringIO

from rich.console import Console

from orchestration.cli.show_people import Found, show_people


def test_who_is_not_known_to_be_unable_to_get_in_is_not_said_to_be() -> None:
    row = {"person_id": "P1", "employee_number": None, "given_name": None, "family_name": None, "other_name": None, "roles": None,
           "org_names": None, "access_groups": None, "hrm_status": "unknown", "can_get_in": None, "last_day_in_hrm": None,
           "case_numbers": "S-1, S-2"}
    written = StringIO()
    show_people(Found("x", None, [row], ["VFS: gammelt"]), Console(file=written, width=200))
    assert written.getvalue().splitlines() == [
        "! VFS: gammelt", "uten navn: uten ansattnummer, profil P1", "  ingen aktiv stilling i VFS",
        "  har tilgang: ikke kjent, for kildene leverer ikke tilganger, ukjent i HRM", "  saker: S-1, S-2"]
