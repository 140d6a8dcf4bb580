"""What of a server's error is shown: its code, where that is one; the addresses in settings; the last net."""

from typing import Any

import pytest
from pydantic import ValidationError

from demo.people import national_id
from ingest.sources.http import HttpSettings
from ingest.sources.http.answers import codes


def minor(*values: Any) -> dict[str, Any]:
    return {"imsx_codeMinorField": [{"imsx_codeMinorFieldName": "httpStatus", "imsx_codeMinorFieldValue": v} for v in values]}


@pytest.mark.parametrize(("body", "code"), [
    ({"imsx_StatusInfo": {"imsx_codeMajor": "failure", "imsx_severity": "error", "imsx_CodeMinor": minor("forbidden")}},
     "forbidden"),
    ({"imsx_codeMajor": "failure", "imsx_CodeMinor": minor("Ola Oppdikta", "unknownobject")}, "unknownobject"),
    ({"imsx_CodeMinor": {"imsx_codeMinorField": {"imsx_codeMinorFieldValue": "invaliddata"}}}, "invaliddata"),
    ({"imsx_codeMajor": "failure", "imsx_codeMinor": "unauthorisedrequest"}, "unauthorisedrequest"),
    ({"imsx_StatusInfo": {"imsx_codeMajor": "failure", "imsx_codeMinor": "server_busy"}}, "server_busy"),
    ({"imsx_CodeMinor": "forbidden"}, "forbidden"),
    ({"imsx_StatusInfo": {"imsx_codeMajor": "failure", "imsx_description": "Ola"}}, "failure"),
    ({"imsx_StatusInfo": None, "error": "invalid_scope", "error_description": "Ola"}, "invalid_scope"),
    ({"type": "about:blank", "title": "forbidden", "detail": "Ola"}, None),
    ({"error": f"no access for {national_id(3)}"}, None),
    ({"error": {"message": "forbidden"}}, None),
    ({"error": "ola@oppdikta.invalid"}, None),
    ({"imsx_CodeMinor": minor(5, None, ["forbidden"], "x" * 100)}, None),
    (["forbidden"], None),
    ("forbidden", None),
    (None, None),
])
def test_the_telling_code_of_an_error_is_shown_and_nothing_else(body: object, code: str | None) -> None:
    assert next(codes(body), None) == code


class Settings(HttpSettings):
    """Settings with an address."""

    url: str


@pytest.mark.parametrize("url", ["http://[", "https://host:99999/x", "https://host:0", "https://", "ftp://host", "https://me@host",
                                 "https://host:port"])
def test_an_address_that_cannot_be_one_is_refused_in_the_settings(url: str) -> None:
    with pytest.raises(ValidationError):
        Settings(adapter="x", url=url)
