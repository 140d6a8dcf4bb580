"""The format of `hrm_ws`: an answer of Visma Enterprise HRM's web service (XML) becomes raw employees and positions.

Source of the rules: contract#adapter-visma-hrm. Does not belong here: requesting the answer (`ingest.sources.visma_hrm`).
An answer has millions of elements, too many for Python to look at each: an XSLT stylesheet (`hrm_ws.xslt`) turns a few
hundred people at a time into tab-separated lines, which pyarrow parses.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute
from pyarrow import csv

from ingest.dates import day_text
from ingest.sources.base import RawTable
from ingest.sources.xml import etree, pieces

pc: Any = pyarrow.compute  # its functions are made at import, unknown to the type checker

_STYLESHEET = Path(__file__).with_suffix(".xslt")
_EMPLOYEE = ("employee_number", "national_id", "given_name", "family_name", "email")
_POSITION = ("position_id", "position_code", "position_title", "org_number", "percentage", "start_date", "end_date", "type")
# Each line of the stylesheet: whether it is the first of its employment, and whether of a position; the fields.
_LINE = pa.schema([(flag, pa.bool_()) for flag in ("is_first", "is_position")]
                  + [(field, pa.string()) for field in _EMPLOYEE + _POSITION])


def read_people(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yields (number of people, their tab-separated lines), for `tables`.

    Raises BrokenXml when the answer is no XML of persons, or breaks off.
    """
    stylesheet = cache(_stylesheet)
    for root, whole in pieces(stream, "persons"):
        employments = next(root.iterdescendants("{*}employments"), root)
        yield whole, bytes(stylesheet(etree.QName(employments).namespace)(root, whole=str(whole)))


def tables(lines_of_people: Iterable[bytes]) -> dict[str, RawTable]:
    """The canonical tables of the lines that `read_people` yields for one answer, or for several."""
    lines = _parsed(b"".join(lines_of_people))
    employees = lines.select(_EMPLOYEE).filter(lines["is_first"])
    # A position that has ended on a day that HRM does not give is left out: absent, which counts as vanished.
    has_ended = pc.match_substring(pc.fill_null(lines["type"], ""), "sluttet", ignore_case=True)
    counts = pc.and_(lines["is_position"], pc.or_(pc.is_valid(lines["end_date"]), pc.invert(has_ended)))
    positions = lines.select(["employee_number", *_POSITION[:-1]]).filter(counts)
    number, start = positions["employee_number"], positions["start_date"]
    position_ids = pc.binary_join_element_wise(
        number, pc.fill_null(positions["position_id"], ""), pc.fill_null(_day(start), ""), ":")
    positions = pa.table({
        "position_id": position_ids, "employee_number": number, "org_number": positions["org_number"],
        "position_code": positions["position_code"], "position_title": positions["position_title"],
        "percentage": _percentage(positions["percentage"]), "start_date": start, "end_date": positions["end_date"]})
    return {"employees": RawTable(employees, "hrm_ws"), "positions": RawTable(positions, "hrm_ws")}


def _parsed(lines: bytes) -> pa.Table:
    if not lines:
        return _LINE.empty_table()
    return csv.read_csv(
        pa.BufferReader(lines), csv.ReadOptions(column_names=_LINE.names),
        csv.ParseOptions(delimiter="\t", quote_char=False),
        csv.ConvertOptions(column_types=_LINE, null_values=[""], strings_can_be_null=True))


def _stylesheet(namespace: str | None) -> Any:
    """The stylesheet for an answer whose employments are in this namespace, or in none.

    XPath would also find elements by local names alone, but takes more than twice the time.
    """
    sheet = _STYLESHEET.read_text(encoding="utf-8")
    sheet = sheet.replace("NAMESPACE", escape(namespace)) if namespace else re.sub(r"\bh:", "", sheet)
    parser = etree.XMLParser(recover=True)  # a namespace that is no address is an error otherwise
    return etree.XSLT(etree.fromstring(sheet.encode(), parser))


def _day(values: pa.ChunkedArray) -> pa.Array:
    """The day in an id. The columns of dates are read by validation."""
    encoded = values.combine_chunks().dictionary_encode()
    return pa.array([day_text(written) for written in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)


def _percentage(values: pa.ChunkedArray) -> pa.Array:
    """As people write it: 100 of "100.0", 37.5 of "37.50"."""
    return _replaced(values, r"^(\d+)(?:\.0*|(\.\d*[1-9])0*)$", r"\1\2")


def _replaced(values: pa.ChunkedArray, pattern: str, by: str) -> pa.Array:
    """A replacement in each of the different values, which are few."""
    encoded = values.combine_chunks().dictionary_encode()
    return pc.replace_substring_regex(encoded.dictionary, pattern, by).take(encoded.indices)
