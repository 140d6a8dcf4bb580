"""Worklists as people hand them in: written by the libraries that write such files, or by hand where a program writes otherwise.

Belongs here: making files. Does not belong here: what becomes of them.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any
from xml.sax.saxutils import escape

import openpyxl
import xlsxwriter

Rows = Sequence[Sequence[Any]]


def workbook(*sheets: tuple[str, Rows], change: Callable[[openpyxl.Workbook], None] | None = None) -> bytes:
    """A workbook as openpyxl and LibreOffice write it; dates are cells of dates."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def by_xlsxwriter(title: str, rows: Rows) -> bytes:
    """A workbook with shared strings, as Excel writes it; dates are numbers with a format."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet, day = book.add_worksheet(title), book.add_format({"num_format": "dd.mm.yyyy"})
    for line, row in enumerate(rows):
        for column, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(line, column, value, day)
            elif value is not None:
                sheet.write(line, column, value)
    book.close()
    return stream.getvalue()


def inline(title: str, rows: Rows) -> bytes:
    """A workbook of inline strings and bare numbers, without styles, as some programs on the web write it."""
    def cell(value: Any) -> str:
        if value is None:
            return "<c/>"
        return f"<c><v>{value}</v></c>" if isinstance(value, int | float) else (
            f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>')

    main, of_package = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/package/2006"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{of_package}/content-types"><Default Extension="rels" '
                               'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
                               f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
                               f'<Override PartName="/xl/s.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{of_package}/relationships"><Relationship Id="r" Type="{links}/officeDocument" '
                       'Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{of_package}/relationships"><Relationship Id="s" '
                                      f'Type="{links}/worksheet" Target="s.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets><sheet name="{title}" sheetId="1" r:id="s"/>'
                           "</sheets></workbook>",
        "xl/s.xml": f'<worksheet xmlns="{main}"><sheetData>'
                    f'{"".join("<row>" + "".join(map(cell, row)) + "</row>" for row in rows)}</sheetData></worksheet>',
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return stream.getvalue()


def text(rows: Rows, *, delimiter: str = ";", encoding: str = "utf-8-sig", before: str = "", line_end: str = "\r\n") -> bytes:
    """A CSV file as Excel saves it."""
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=line_end).writerows(
        [v.strftime("%d.%m.%Y") if isinstance(v, date) else v for v in row] for row in rows)
    return (before + stream.getvalue()).encode(encoding)
