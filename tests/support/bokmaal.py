"""Whether a text for people is Norwegian: English words and raw codes that stand in it.

What is a name stands in «»: a file, a heading, a step or a check of one word, and a command that begins with `sluttdato`. Such
names, and addresses, are facts, and not looked at.
"""

import csv
import re
from functools import cache

from dbt_project.codes import SEEDS

_NAMES = re.compile(r"«[^\s»]+»|«sluttdato [^»]*»|\b\w+://\S+")
_WORD = re.compile(r"[A-Za-zÆØÅæøå]+")
_SNAKE_CASE = re.compile(r"\b[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+\b")
_ISO_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_CODE_COLUMNS = {"causes": "cause", "finding_types": "finding_type", "review_reasons": "review_reason", "statuses": "status",
                 "assessed_marts": "mart"}

# English words that are no Norwegian ones.
_ENGLISH = frozenset(_WORD.findall("""
    accept accepted access accesses active after already also an and another any are away back been before began begin belong
    belongs below beside between both but called cannot case cases change changed changes check checked checks closed column
    columns comes contains correct could counts damaged date dates day days deliver delivered deliveries delivery did differ
    differs does done each earlier else employee employees empty end ended ends error every except excepted expected explain
    extract extracts fail failed fails failure false fell few file files filled finding findings first found fresh from get
    given gone group groups had has have having held here how identity if inactive into is it its job keep kept key keys known
    least left line lines look lost made make many matched matches means message messages missing more most moved much name
    named names nan national need needed needs never newer newest next nobody none not nothing null number numbers oldest one
    only open opened other others out outside owner passed people persons position positions present previous problems publish
    published quarantine quarantined read reason reasons recent record records reference refused rejected remedy report
    reported resolved role roles row rows run say says school schools seen send several should show shown since size some
    source sources stale started state step steps stopped stops such table tables than that the their them then there these
    they this those through today together told too true twice two unexpected unit units unknown unless unreadable until up us
    use used user users value values vanished was we week were what when where which while who whole whom whose why will with
    within without would writes written wrong year years yes yesterday yet you your
"""))
_PEOPLE = {"Are", "Line"}  # who are called so


def _without_names(text: str) -> str:
    return _NAMES.sub(" ", text)


def english_words(text: str) -> list[str]:
    """The English words in a text, each once, in the order in which they come."""
    words = (word.lower() for word in _WORD.findall(_without_names(text)) if word not in _PEOPLE)
    return list(dict.fromkeys(word for word in words if word in _ENGLISH))


def codes(text: str) -> list[str]:
    """The raw codes in a text, each once: snake_case, dates as YYYY-MM-DD, and what the seeds have as codes."""
    text = _without_names(text)
    found = [*_SNAKE_CASE.findall(text), *_ISO_DATE.findall(text)]
    return list(dict.fromkeys(found + [word for word in _WORD.findall(text) if word in _codes_of_seeds()]))


@cache
def _codes_of_seeds() -> frozenset[str]:
    found: set[str] = set()
    for seed, column in _CODE_COLUMNS.items():
        with (SEEDS / f"{seed}.csv").open(newline="", encoding="utf-8") as handle:
            found |= {row[column] for row in csv.DictReader(handle)}
    return frozenset(found)
