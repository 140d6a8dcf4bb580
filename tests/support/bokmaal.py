"""Whether a text for people is Norwegian: English words and raw codes that stand in it; and the texts of pages and workbooks.

What is a name stands in «»: a file, a heading, a step or a check of one word, and a command that begins with `sluttdato`. Such
names, addresses and case numbers are facts, and not looked at.
"""

import base64
import csv
import gzip
import json
import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl

from dbt_project.codes import SEEDS

_NAMES = re.compile(r"\bS-[0-9A-F]{8}\b|«[^\s»]+»|«sluttdato [^»]*»|\b\w+://\S+")
_WORD = re.compile(r"[A-Za-zÆØÅæøå]+")
_SNAKE_CASE = re.compile(r"\b[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+\b")
_ISO_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_CODE_COLUMNS = {"causes": "cause", "finding_types": "finding_type", "review_reasons": "review_reason", "statuses": "status",
                 "assessed_marts": "mart"}

# English words that are no Norwegian ones.
_ENGLISH = frozenset(_WORD.findall("""
    accept accepted access accesses active add address after allowed already also an and another answer answers any approved
    are as ask asked assessed available away back became because become been before began begin belong belongs below beside
    between both but called cannot case cases change changed changes check checked checks choose chosen claim claimed click
    closed code codes column columns comes confirm confirmed contains copied copy correct could counts damaged date dates day
    days decide decided decision decisions delete deleted deliver delivered deliveries delivering delivery did differ differs
    disputed does done each earlier effective else employee employees empty end ended ends error every everybody except
    excepted exception exceptions expected expired explain export exported extract extracts fail failed fails failure false
    fell few file files filled finding findings first found fresh from get given gone group groups had hand handled has have
    having held help here history how identity if ignored in inactive into invalid is it its job keep kept key keys kind known
    latest least leave leaves left line lines login look lost made make manual manually many matched matches means message
    messages missing more most moved much name named names nan national need needed needs never new newer newest next no
    nobody none not nothing null number numbers of off old older oldest on one only open opened or other others out outside
    owner passed pending people persons please position positions present previous priority problems publish published pull
    pulled quarantine quarantined read reason reasons recent record records reference refused registered rejected remedy
    remove removed replace replaced report reported resolved restore result results return returned revoked role roles roster
    row rows run said saved say says school schools search searched seen select selected send several should show shown since
    size some somebody something source sources stale started state step steps still stopped stops such superseded table
    tables taken taking than that the their them then there these they this those through today together told too transfer
    transferred true twice two unchanged understood unexpected unit units unknown unless unreadable until up update updated us
    use used user users value values vanished verified view wait waiting warning warnings was we week were what when where
    which while who whole whom whose why will with withheld within without witness worklist worklists would writes written
    wrong year years yes yesterday yet you your
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


# --- what people read ------------------------------------------------------------------------------------------------

_READ_ELSEWHERE = ("aria-label", "title", "placeholder", "alt", "data-copy", "data-heading", "data-text")  # or copied, or printed
_PACKED = "text/plain"  # the type of a script that holds compressed data


class _Page(HTMLParser):
    """The texts of a page: what stands between tags (but code that a reader copies, styles and scripts), what is read aloud,
    copied or printed, and each text of its packed data."""

    def __init__(self, html: str):
        super().__init__()
        self.texts: list[str] = []
        self._silent, self._packed = 0, False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value for name, value in attrs if name in _READ_ELSEWHERE and value]
        self._silent += tag in ("script", "style", "code")
        self._packed = tag == "script" and ("type", _PACKED) in attrs

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in ("script", "style", "code")

    def handle_data(self, data: str) -> None:
        if self._packed and data.strip():
            self.texts += _texts_in(json.loads(gzip.decompress(base64.b64decode(data))))
        elif not self._silent and data.strip():
            self.texts.append(data)


def page_texts(html: str) -> list[str]:
    """Every text of a page that somebody can read, hear or copy, but code."""
    return _Page(html).texts


def script_texts(script: str) -> list[str]:
    """The texts of a script that are more than a word; what is put into them is taken out."""
    return [re.sub(r"\$\{[^}]*\}", " ", text) for text in re.findall(r'"([A-ZÆØÅ][^"\n]* [^"\n]*)"|`([^`]*)`', script)
            for text in text if " " in text]


def workbook_texts(file: Path) -> list[str]:
    """Every text of a workbook: names of sheets, cells, what a cell may hold, headers, footers and the title."""
    book = openpyxl.load_workbook(file)
    texts = [book.properties.title or "", *book.sheetnames]
    for sheet in book.worksheets:
        texts += [cell for row in sheet.iter_rows(values_only=True) for cell in row if isinstance(cell, str)]
        texts += [text for part in (sheet.oddHeader, sheet.oddFooter) if part
                  for side in (part.left, part.center, part.right) if (text := side.text)]
        texts += [text for rule in sheet.data_validations.dataValidation for text in (
            rule.errorTitle, rule.error, rule.promptTitle, rule.prompt, rule.formula1 if rule.type == "list" else None) if text]
    return texts


def _texts_in(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from _texts_in(part)
