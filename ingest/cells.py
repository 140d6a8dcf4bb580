"""The text of a cell or heading as it is meant, without what cannot be seen (contract#canonical-form): in SQL for whole
columns, and in Python for headings and settings.

Invisible format characters (Unicode Cf) go, text is NFC, white space of any kind goes at the ends and is one space inside.
Belongs here: this rule alone. Does not belong here: what a text means (`dates`, `national_ids`, `door`).
"""

import re
import unicodedata

import pyarrow as pa

# Spelled out, because Python, DuckDB's `\s` and its RE2 each know other characters by the names of classes.
_FORMAT_RANGES = (
    (0xAD, 0xAD), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2),
    (0x180E, 0x180E), (0x200B, 0x200F), (0x202A, 0x202E), (0x2060, 0x2064), (0x2066, 0x206F), (0xFEFF, 0xFEFF),
    (0xFFF9, 0xFFFB), (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A),
    (0xE0001, 0xE0001), (0xE0020, 0xE007F))
_SPACE_RANGES = (
    (0x09, 0x0D), (0x1C, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
    (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000))


def _characters(ranges: tuple[tuple[int, int], ...]) -> str:
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


FORMAT = _characters(_FORMAT_RANGES)  # for the inside of [] in a pattern, of Python and of RE2
SPACE = _characters(_SPACE_RANGES)
_FORMAT, _SPACES = re.compile(f"[{FORMAT}]+"), re.compile(f"[{SPACE}]+")
_VISIBLE = bytes(range(0x21, 0x7F))
_SURE = " !-~\u00c0-\u024f"  # what is NFC whatever stands beside it, if all is of this kind
_PLAIN = re.compile(r"[!-~]+(?: [!-~]+)*")


def clean(text: str) -> str:
    """The text as it is meant; empty when nothing can be seen."""
    if _PLAIN.fullmatch(text):
        return text
    return _SPACES.sub(" ", unicodedata.normalize("NFC", _FORMAT.sub("", text))).strip(" ")


def is_plain(column: pa.ChunkedArray) -> bool:
    """Whether no text of a column can need cleaning: all its bytes are visible ASCII. Takes milliseconds for a million."""
    return pa.types.is_string(column.type) and not any(
        (data := chunk.buffers()[2]) and data.to_pybytes().translate(None, _VISIBLE) for chunk in column.chunks)


def clean_sql(column: str) -> str:
    """`clean` in SQL; null when nothing can be seen. A text in which nothing can have to change costs one look."""
    seen = f"regexp_replace({column}, '[{FORMAT}]+', '', 'g')"
    spaced = f"trim(regexp_replace(nfc_normalize({seen}), '[{SPACE}]+', ' ', 'g'), ' ')"
    return f"CASE WHEN regexp_matches({column}, '[^{_SURE}]|^ |  | $|^$') THEN nullif({spaced}, '') ELSE {column} END"
