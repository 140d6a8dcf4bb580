"""What a file is that is no text or no workbook, by its first bytes, whatever its name says; and what to do with it.

Belongs here: files that people take for a CSV file or a workbook. Does not belong here: reading these (`delimited`, `excel`).
"""

import codecs
import re
import zipfile

from ingest.errors import RefusedExtract

LOOKED_AT = 1 << 20
# A text file in one of these says so in its first bytes.
BYTE_ORDER_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF32_LE: "utf-32-le", codecs.BOM_UTF32_BE: "utf-32-be",
                    codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
_OLE2, _ZIP = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04"
_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")
_TAGS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<table", b"<meta", b"<style", b"<div")
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_SAVE_AS = "open it in Excel and save it as .xlsx"
_EXPORT = "export the list as CSV or .xlsx instead"


def refuse_no_text(file: str, begin: bytes) -> None:
    """Raise RefusedExtract where a file that begins with these bytes is known to be no text file of columns."""
    if begin.startswith(_ZIP) and b"xl/" in begin:
        raise _refused(file, "an Excel workbook", "name it .xlsx, or save it as CSV")
    _refuse_known(file, begin)


def refuse_no_workbook(file: str, begin: bytes) -> None:
    """Raise RefusedExtract where a file that begins with these bytes is known to be no workbook that can be read."""
    if begin.startswith(_ZIP):
        return  # what is in it is looked at when it is open
    _refuse_known(file, begin)
    if begin and (begin.startswith(tuple(BYTE_ORDER_MARKS)) or not _NO_TEXT.search(begin)):
        raise _refused(file, "a text file, and no Excel workbook", "name it .csv, and set `encoding` and `delimiter`")


def refuse_no_workbook_inside(file: str, archive: zipfile.ZipFile) -> None:
    """Raise RefusedExtract where a zip holds no workbook."""
    names = {name.lower().replace("\\", "/") for name in archive.namelist()}
    if "xl/workbook.bin" in names:
        raise _refused(file, "a binary Excel workbook (.xlsb)", _SAVE_AS)
    if any(name.startswith("xl/") for name in names):
        return
    _refuse_known(file, _ZIP + "\n".join(sorted(names)).encode("utf-8", "replace"))


def _refuse_known(file: str, begin: bytes) -> None:
    seen = begin.replace(b"\0", b"")
    for mark in BYTE_ORDER_MARKS:
        seen = seen.removeprefix(mark.replace(b"\0", b""))
    tags = seen.lstrip()[:4096].lower()
    if begin.startswith(_OLE2):
        if "EncryptedPackage".encode("utf-16-le") in begin:
            raise _refused(file, "an Excel file with a password", "open it in Excel and save it as .xlsx without a password")
        raise _refused(file, "an old Excel file (.xls)", _SAVE_AS)
    if begin.startswith(_ZIP):
        if b"content.xml" in begin or b"opendocument" in begin:
            raise _refused(file, "an OpenDocument file (.ods)", "open it and save it as .xlsx")
        if b"word/" in begin:
            raise _refused(file, "a Word document", _EXPORT)
        raise _refused(file, "a zip file", "unpack it, and deliver what is in it")
    if begin.startswith(b"%PDF"):
        raise _refused(file, "a PDF", _EXPORT)
    if begin.startswith(_PICTURES) or (begin.startswith(b"RIFF") and begin[8:12] == b"WEBP"):
        raise _refused(file, "a picture", _EXPORT)
    if begin.startswith(b"\x1f\x8b"):
        raise _refused(file, "a packed file (gzip)", "unpack it, and deliver what is in it")
    if tags.startswith(b"{\\rtf"):
        raise _refused(file, "a text document (.rtf)", _EXPORT)
    if tags.startswith(b"<?xml") and b"office:spreadsheet" in tags:
        raise _refused(file, "an XML file of Excel", _SAVE_AS)
    if tags.startswith(b"<") and any(tag in tags for tag in _TAGS):
        raise _refused(file, "a web page (HTML), whatever its name says",
                       f"where it shows the list, {_SAVE_AS}; where it asks for a login, export the list again")
    if tags.startswith(b"<?xml"):
        raise _refused(file, "an XML file", _EXPORT)
    if tags.startswith(b"mime-version:"):
        raise _refused(file, "a web page (MHTML), whatever its name says", _SAVE_AS)


def _refused(file: str, what: str, remedy: str) -> RefusedExtract:
    return RefusedExtract(f"the file is {what}", file=file, remedy=remedy[0].upper() + remedy[1:])
