"""The dbt project: every rule about people, as SQL. README.md names its parts, and what does not belong there.

In Python there is only

    codes   the catalogue of codes, read from `seeds/`

and, here, where the project lies, in a checkout or installed.
"""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent
