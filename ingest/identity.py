"""The keyed hash that stands for a national id, in Python and as SQL for whole columns, and the key itself (contract#id-key).

The hash is HMAC-SHA256 (RFC 2104), spelled out in SQL because DuckDB hashes a million ids in parallel in memory.
After validation only the hash is left. Does not belong here: what a national id is (`national_ids`).
"""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from ingest import files
from ingest.errors import WrongKey

KEY_VARIABLE = "SLUTTDATO_ID_KEY"
_BLOCK = 64
_LEAST_BYTES = 16
_FINGERPRINT = re.compile("[0-9a-f]{16}")


def load_key(key_file: Path, fingerprint_file: Path, landed: Path) -> bytes:
    """The hashing key: from SLUTTDATO_ID_KEY, else from `key_file`.

    It is made (mode 0600) where there is none, and nothing below `landed` was hashed with an earlier one. `fingerprint_file`
    remembers which key it was. Raises WrongKey for a key that is too short, gone, or another than before: with another key
    nobody would match any more.
    """
    written = os.environ.get(KEY_VARIABLE)
    place = KEY_VARIABLE if written is not None else str(key_file)
    expected = _remembered(fingerprint_file)
    if written is None and not key_file.exists():
        if expected or next(landed.glob("*/*/*/extract.json"), None):
            raise WrongKey(
                f"{key_file} is gone, the key with which the national ids of the landed extracts were hashed. Restore it from "
                f"the backup, or set {KEY_VARIABLE} if it was kept there. With a new key nobody would match by national id; "
                f"if it is lost for good, remove {landed} and deliver the extracts again")
        _make(key_file)
    key = written.encode() if written is not None else key_file.read_bytes().strip()
    if len(key) < _LEAST_BYTES or not key.strip(b"\0"):
        remedy = f"Set it to a long random text, or unset it to use {key_file}" if written is not None else (
            "Restore it from the backup")
        raise WrongKey(f"{place} is empty or too short for a key: it needs {_LEAST_BYTES} bytes or more. {remedy}")
    fingerprint = fingerprint_of(key)
    if expected is None:
        files.write_text(fingerprint_file, fingerprint + "\n")
    elif expected != fingerprint:
        raise WrongKey(
            f"{place} holds another key than the one with which the national ids of the landed extracts were hashed, and nobody "
            f"would match by national id. Restore that key from the backup, or set {KEY_VARIABLE} to it; if it is lost for good, "
            f"remove {landed} and deliver the extracts again")
    return key


def fingerprint_of(key: bytes) -> str:
    """Which key it is, without the key."""
    return hmac.new(key, b"fingerprint of the key", hashlib.sha256).hexdigest()[:16]


def _remembered(fingerprint_file: Path) -> str | None:
    """The fingerprint of the key in use; None when none is known. Raises WrongKey when the file is damaged."""
    if not fingerprint_file.exists():
        return None
    fingerprint = fingerprint_file.read_bytes().decode("latin-1").strip()
    if not _FINGERPRINT.fullmatch(fingerprint):
        raise WrongKey(f"{fingerprint_file} is damaged, and it cannot be told whether the key is still the same. Restore it from "
                       "the backup; or, if you are sure of the key, remove the file, and the next run writes it again")
    return fingerprint


def _make(key_file: Path) -> None:
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


def hash_of(digits: str, key: bytes) -> str:
    """64 hex digits of HMAC-SHA256 of a national id."""
    return hmac.new(key, digits.encode(), hashlib.sha256).hexdigest()


def hmac_pads(key: bytes) -> dict[str, bytes]:
    """The two padded keys of HMAC, as parameters `ipad` and `opad` of `hash_sql`."""
    if len(key) > _BLOCK:
        key = hashlib.sha256(key).digest()
    key = key.ljust(_BLOCK, b"\0")
    return {"ipad": bytes(b ^ 0x36 for b in key), "opad": bytes(b ^ 0x5C for b in key)}


def hash_sql(digits: str) -> str:
    """`hash_of`, of a text expression; null stays null."""
    inner = f"sha256($ipad::BLOB || encode({digits}))"
    return f"CASE WHEN {digits} IS NOT NULL THEN sha256($opad::BLOB || unhex({inner})) END"
