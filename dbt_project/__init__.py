"""The dbt project: every rule about people, as SQL. README.md names its parts, and what does not belong there.

The only Python module is

    codes   the catalogue of codes, read from `seeds/`

`PROJECT` is the folder of the dbt project, in a checkout or installed. `MARTS_VERSION` is the version of names, types and
meanings of all marts, as `dbt_project.yml` has it; CHANGELOG.md says what each changed.
"""

from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parent
MARTS_VERSION: str = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["marts_version"]
