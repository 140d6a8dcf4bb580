"""The format of `hrm_ws`: an answer of Visma Enterprise HRM's web service (XML) becomes raw employees and positions.

Source of the rules: contract#adapter-visma-hrm. Does not belong here: asking for the answer (`ingest.sources.visma_hrm`).
An answer has millions of elements, too many for Python to look at each: a stylesheet (`hrm_ws.xslt`) tells lines of some
hundred people at a time, and Arrow makes the tables of them.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
from lxml import etree
from pyarrow import csv

from ingest.sources.base import RawTable
from ingest.sources.xml import pieces

_STYLESHEET = Path(__file__).with_suffix(".xslt")
_EMPLOYEE = ("employee_number", "national_id", "given_name", "family_name", "email")
_POSITION = ("position_id", "position_code", "position_title", "org_number", "percentage", "start_date", "end_date", "type")
# Of each line that the stylesheet tells: whether it is the first of its employment, and whether of a position; the fields.
_LINE = pa.schema([(flag, pa.bool_()) for flag in ("is_first", "is_position")]
                  + [(field, pa.string()) for field in _EMPLOYEE + _POSITION])
_AS_LINES = {
    "read_options": csv.ReadOptions(column_names=_LINE.names),
    "parse_options": csv.ParseOptions(delimiter="\t", quote_char=False),
    "convert_options": csv.ConvertOptions(column_types=_LINE, null_values=[""], strings_can_be_null=True),
}


def read_people(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """How many people, and the lines that tell of them, for `tables`.

    Raises BrokenXml when the answer is no XML of persons, or breaks off.
    """
    stylesheet = cache(_stylesheet)
    for root, whole in pieces(stream, "persons"):
        told = next(root.iterdescendants("{*}employments"), root)
        yield whole, bytes(stylesheet(etree.QName(told).namespace)(root, whole=str(whole)))


def tables(lines_of_people: Iterable[bytes]) -> dict[str, RawTable]:
    """The canonical tables of all that `read_people` told of one answer, or of several."""
    told = b"".join(lines_of_people)
    lines = csv.read_csv(pa.BufferReader(told), **_AS_LINES) if told else _LINE.empty_table()
    employees = lines.select(_EMPLOYEE).filter(lines["is_first"])
    # A position that has ended on a day that HRM does not tell is left out: absent, which counts as vanished.
    has_ended = pc.match_substring(pc.fill_null(lines["type"], ""), "sluttet", ignore_case=True)
    counts = pc.and_(lines["is_position"], pc.or_(pc.is_valid(lines["end_date"]), pc.invert(has_ended)))
    positions = lines.select(["employee_number", *_POSITION[:-1]]).filter(counts)
    number, start = positions["employee_number"], _day(positions["start_date"])
    in_hrm = pc.binary_join_element_wise(number, pc.fill_null(positions["position_id"], ""), pc.fill_null(start, ""), ":")
    positions = pa.table({
        "position_id": in_hrm, "employee_number": number, "org_number": positions["org_number"],
        "position_code": positions["position_code"], "position_title": positions["position_title"],
        "percentage": _percentage(positions["percentage"]), "start_date": start, "end_date": _day(positions["end_date"])})
    return {"employees": RawTable(employees, "hrm_ws"), "positions": RawTable(positions, "hrm_ws")}


def _stylesheet(namespace: str | None) -> etree.XSLT:
    """The stylesheet for an answer that tells of people's employments in this namespace, or in none.

    XPath would also find elements by local names alone, but takes more than twice the time.
    """
    sheet = _STYLESHEET.read_text(encoding="utf-8")
    sheet = sheet.replace("NAMESPACE", escape(namespace)) if namespace else re.sub(r"\bh:", "", sheet)
    even_an_odd_namespace = etree.XMLParser(recover=True)  # one that is no address is complained of, and works
    return etree.XSLT(etree.fromstring(sheet.encode(), even_an_odd_namespace))


def _day(values: pa.ChunkedArray) -> pa.Array:
    """The day of what may be a time, or carry a zone: the first ten characters of 2020-08-01T00:00:00+02:00."""
    return _replaced(values, r"^(.{10})[T+Z ].*$", r"\1")


def _percentage(values: pa.ChunkedArray) -> pa.Array:
    """As people write it: 100 of "100.0", 37.5 of "37.50"."""
    return _replaced(values, r"^(\d+)(?:\.0*|(\.\d*[1-9])0*)$", r"\1\2")


def _replaced(values: pa.ChunkedArray, pattern: str, by: str) -> pa.Array:
    """A replacement in each of the different values, which are few."""
    told = values.combine_chunks().dictionary_encode()
    return pc.replace_substring_regex(told.dictionary, pattern, by).take(told.indices)
