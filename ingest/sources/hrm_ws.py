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

from ingest.dates import day_text, earliest
from ingest.sources.base import Note, RawTable
from ingest.sources.xml import etree, pieces

pc: Any = pyarrow.compute  # its functions are made at import, unknown to the type checker

_STYLESHEET = Path(__file__).with_suffix(".xslt")
ROOTS = ("persons", "personsXML")
_EMPLOYEE = ("employee_number", "national_id", "given_name", "family_name", "email")
_EMPLOYMENT = ("company", "employment_end", "employment_org", "company_org")
_POSITION = ("position_id", "position_code", "position_title", "org_number", "percentage", "start_date", "valid_from",
             "end_date", "type")
# Each line of the stylesheet: whether it is the first of its employment, the position's number in it (none: no position); fields.
_LINE = pa.schema([("is_first", pa.bool_()), ("number", pa.int32())]
                  + [(field, pa.string()) for field in _EMPLOYEE + _EMPLOYMENT + _POSITION])
_AT_COMPANY = ("positions have no business number of their own, and stand at that of their employment or company: where this is "
               "the kommune's, the schools are not told apart. Ask for the business number to be registered in HRM")


class OtherCompanies(Exception):
    """An answer holds several companies, and none of them is the one that was asked for."""


def read_people(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Yields (number of people, their tab-separated lines), for `tables`.

    Raises BrokenXml when the answer is no XML of persons, or breaks off.
    """
    stylesheet = cache(_stylesheet)
    for root, whole in pieces(stream, *ROOTS):
        employments = next(root.iterdescendants("{*}employments"), root)
        yield whole, bytes(stylesheet(etree.QName(employments).namespace)(root, whole=str(whole)))


def tables(lines_of_people: Iterable[bytes], company: str) -> dict[str, RawTable]:
    """The canonical tables of the lines that `read_people` yields for one answer, or for several.

    Of several companies only `company` counts. Raises OtherCompanies when it is none of them.
    """
    lines = _of_company(_parsed(b"".join(lines_of_people)), company)
    employees = lines.select(_EMPLOYEE).filter(lines["is_first"])
    lines = lines.filter(pc.is_valid(lines["number"]))
    own_ends = _earliest(lines["end_date"])
    ends = _earliest(lines["end_date"], lines["employment_end"]) if lines["employment_end"].null_count < len(lines) else own_ends
    # A position that has ended on a day that HRM does not give is left out: absent, which counts as vanished.
    has_ended = pc.match_substring(pc.fill_null(lines["type"], ""), "sluttet", ignore_case=True)
    counts = pc.or_(pc.is_valid(own_ends), pc.invert(has_ended))
    lines = lines.set_column(lines.schema.get_field_index("end_date"), "end_date", ends).filter(counts)
    starts = pc.coalesce(lines["start_date"], lines["valid_from"])
    org_numbers = pc.coalesce(lines["org_number"], lines["employment_org"], lines["company_org"])
    positions = pa.table({
        "position_id": pc.binary_join_element_wise(
            lines["employee_number"], pc.fill_null(lines["position_id"], ""), pc.fill_null(_day(starts), ""), ":"),
        "employee_number": lines["employee_number"], "org_number": org_numbers,
        "position_code": lines["position_code"], "position_title": lines["position_title"],
        "percentage": _percentage(lines["percentage"]), "start_date": starts, "end_date": lines["end_date"]})
    positions = positions.set_column(0, "position_id", _told_apart(positions, lines["number"]))
    elsewhere = positions.num_rows - lines["org_number"].null_count
    at_company = org_numbers.length() - org_numbers.null_count - elsewhere
    notes = (Note("at_company_number", at_company, _AT_COMPANY),) if at_company else ()
    return {"employees": RawTable(employees, "hrm_ws"), "positions": RawTable(positions, "hrm_ws", notes=notes)}


def _of_company(lines: pa.Table, company: str) -> pa.Table:
    """Without the employments of other companies, where there are several. One that names no company may be of any."""
    numbers = _replaced(lines["company"], "^0+(.)", r"\1")
    found = [number for number in pc.unique(numbers).to_pylist() if number is not None]
    if len(found) < 2:
        return lines
    wanted = company.strip().lstrip("0") or "0"
    if wanted not in found:
        raise OtherCompanies(", ".join(sorted(found)))
    return lines.filter(pc.fill_null(pc.equal(numbers, wanted), True))


def _told_apart(positions: pa.Table, numbers: pa.ChunkedArray) -> pa.ChunkedArray:
    """The ids; different positions with one id get their org unit added, or where that is the same, their number.

    HRM's id of a position is that of its code, which somebody may have twice, or not at all.
    """
    ids = positions["position_id"]
    counted = pc.value_counts(ids)
    often = pc.struct_field(counted.filter(pc.greater(pc.struct_field(counted, 1), 1)), 0)
    if not len(often):
        return ids
    rows: dict[str, list[int]] = {}
    for row in pc.indices_nonzero(pc.is_in(ids, often)).to_pylist():
        rows.setdefault(ids[row].as_py(), []).append(row)
    told = ids.to_pylist()
    for same in rows.values():
        different = {tuple(c[row].as_py() for c in positions.columns): row for row in same}
        places = {positions["org_number"][row].as_py() for row in different.values()}
        for row in same if len(different) > 1 else ():
            told[row] += f":{positions['org_number'][row].as_py() if len(places) == len(different) else numbers[row].as_py()}"
    return pa.chunked_array([pa.array(told, pa.string())])


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


def _earliest(*ends: pa.ChunkedArray) -> pa.ChunkedArray:
    """The earliest of each row's ends; there are few different ones."""
    pairs = pc.binary_join_element_wise(*(pc.fill_null(column, "") for column in ends), "\t")
    encoded = pairs.combine_chunks().dictionary_encode()
    found = [earliest(*pair.split("\t")) for pair in encoded.dictionary.to_pylist()]
    return pa.chunked_array([pa.array(found, pa.string()).take(encoded.indices)])


def _percentage(values: pa.ChunkedArray) -> pa.Array:
    """As people write it: 100 of "100.0", 37.5 of "37.50"."""
    return _replaced(values, r"^(\d+)(?:\.0*|(\.\d*[1-9])0*)$", r"\1\2")


def _replaced(values: pa.ChunkedArray, pattern: str, by: str) -> pa.Array:
    """A replacement in each of the different values, which are few."""
    encoded = values.combine_chunks().dictionary_encode()
    return pc.replace_substring_regex(encoded.dictionary, pattern, by).take(encoded.indices)
