"""The dbt project: every rule about people, as SQL. This module only says where the project lies, in a checkout or installed.

README.md names its parts, and what does not belong there.
"""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent
