"""The dbt project: every rule about people, as SQL. README.md names its parts, and what does not belong there.

The only Python module is

    codes   the catalogue of codes, read from `seeds/`

`PROJECT` is the folder of the dbt project, in a checkout or installed.
"""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent
