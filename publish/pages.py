"""What all pages have in common: how templates are rendered, and a policy by which a page can neither load nor run anything else.

Belongs here: the template environment, the head of a page (`templates/`), the content security policy. Does not belong here: what
a page shows.
"""

import base64
import hashlib
from pathlib import Path

import jinja2

from publish.labels import full_name, norwegian

_OF_ALL = Path(__file__).parent / "templates"

def environment(*templates: Path) -> jinja2.Environment:
    """An environment for the templates of these folders, with those of all pages. A value that a template names and does not get
    is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*templates, _OF_ALL]), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True)
    made.filters["norwegian"] = norwegian
    made.globals["full_name"] = full_name
    return made


def policy(style: str, script: str | None = None) -> str:
    """The content security policy: nothing from outside, and only this style and this script, so that no data can run as code."""
    def allowed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    scripts = f" script-src {allowed(script)};" if script else ""
    return f"default-src 'none'; style-src {allowed(style)};{scripts} img-src data:; base-uri 'none'; form-action 'none'"
