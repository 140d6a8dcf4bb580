"""National ids: keyed hashing and check digits, as SQL expressions for validation, and the key itself.

The hash is HMAC-SHA256 (RFC 2104), spelled out in SQL because DuckDB hashes a million ids in parallel in memory.
After validation only the hash is left.
"""

import os
import re
import secrets
from pathlib import Path

KEY_VARIABLE = "SLUTTDATO_ID_KEY"
_BLOCK = 64

# Weights of the two check digits (Skatteetaten). From 2032 the first check is relaxed: remainders 0 to 3 are
# valid (navikt/fnrvalidator); the second stays strict. Dates are not looked at: D-, H- and synthetic numbers exist.
_K1 = (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)
_K2 = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def load_key(key_file: Path) -> bytes:
    """The hashing key: from SLUTTDATO_ID_KEY, else from `key_file`, which is made (mode 0600) when missing.

    Changing the key makes every earlier hash incomparable; keep the file with the data directory.
    """
    from_environment = os.environ.get(KEY_VARIABLE)
    if from_environment:
        return from_environment.encode()
    if not key_file.exists():
        key_file.parent.mkdir(parents=True, exist_ok=True)
        temporary = key_file.with_name(f".{key_file.name}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_hex(32))
            handle.flush()
            os.fsync(handle.fileno())
        try:
            os.link(temporary, key_file)  # fails if another process was first; its key is used then
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return key_file.read_text().strip().encode()


def hmac_pads(key: bytes) -> dict[str, bytes]:
    """The two padded keys of HMAC, as parameters `ipad` and `opad` of `hash_sql`."""
    import hashlib

    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    key = key.ljust(_BLOCK, b"\0")
    return {"ipad": bytes(b ^ 0x36 for b in key), "opad": bytes(b ^ 0x5C for b in key)}


def digits_sql(column: str) -> str:
    """A national id without the spaces, dots and dashes that people write; null when nothing is left."""
    return f"nullif(regexp_replace({column}, '[\\s\\x{{00A0}}.-]', '', 'g'), '')"


def hash_sql(digits: str) -> str:
    """64 hex digits of HMAC-SHA256 of the text expression `digits`; null stays null."""
    inner = f"sha256($ipad::BLOB || encode({digits}))"
    return f"CASE WHEN {digits} IS NOT NULL THEN sha256($opad::BLOB || unhex({inner})) END"


def check_digits_sql(digits: str) -> str:
    """True when the text expression is 11 digits with right check digits."""
    def weighted(weights: tuple[int, ...]) -> str:
        # As one number: taking a text apart digit by digit takes three times as long.
        return " + ".join(f"{w} * (TRY_CAST({digits} AS BIGINT) // {10 ** (10 - i)} % 10)" for i, w in enumerate(weights))

    return (
        f"(regexp_full_match({digits}, '\\d{{11}}') AND ({weighted(_K1)}) % 11 <= 3 AND ({weighted(_K2)}) % 11 = 0)"
    )


def holds_national_id_sql(column: str) -> str:
    """True when a text cell holds a valid national id: eleven digits standing alone, a date first, both checks strict.

    Letters next to the digits do not count as a border, or parts of GUIDs would look like one.
    """
    digits_alone = "\\d{6} ?\\d{5}"
    candidate = f"regexp_extract({column}, '(?:^|[^0-9A-Za-z])({digits_alone})(?:[^0-9A-Za-z]|$)', 1)"
    digits = f"replace({candidate}, ' ', '')"
    date_like = "'(?:[04][1-9]|[1256]\\d|[37][01])(?:[048][1-9]|[159][012])\\d{7}'"
    # CASE, because DuckDB evaluates both sides of an AND: few cells have eleven digits, and the checks are costly.
    return (
        f"CASE WHEN regexp_matches({column}, '{digits_alone}') "
        f"THEN regexp_full_match({digits}, {date_like}) AND {check_digits_sql(digits)} ELSE false END"
    )


def holds_national_id(text: str) -> bool:
    """Whether a text that somebody wrote holds a valid national id."""
    import duckdb

    from ingest.sql import scalar

    return bool(scalar(duckdb.connect(), f"SELECT {holds_national_id_sql('text')} FROM (SELECT ?::VARCHAR AS text)", [text]))


def redact(text: str) -> str:
    """The text with `[national id]` in place of each valid national id."""
    return re.sub(r"\d{6} ?\d{5}", lambda found: "[national id]" if holds_national_id(found[0]) else found[0], text)
