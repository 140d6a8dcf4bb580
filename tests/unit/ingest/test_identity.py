"""The keyed hash of national ids, as Python's HMAC makes it, and the key: never a short one, never another in silence."""

import hashlib
import hmac
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import WrongKey
from ingest.identity import KEY_VARIABLE, hash_of, hash_sql, hmac_pads, load_key

CON = duckdb.connect()  # to open one for each example takes longer than all the rest
KEY = "0123456789abcdef"


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.binary(min_size=1, max_size=150),
       st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40))
def test_the_hash_is_hmac_sha256_in_sql_and_in_python(key: bytes, number: str) -> None:
    (hashed, of_none), = CON.execute(
        f"SELECT {hash_sql('n')}, {hash_sql('NULL::VARCHAR')} FROM (SELECT $n AS n)", {**hmac_pads(key), "n": number}).fetchall()
    assert hashed == hash_of(number, key) == hmac.new(key, number.encode(), hashlib.sha256).hexdigest()
    assert of_none is None


@pytest.fixture(autouse=True)
def _no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)


def load(root: Path) -> bytes:
    return load_key(root / "secrets" / "id_key", root / "landed" / "id_key.fingerprint", root / "landed")


def land_something(root: Path) -> None:
    folder = root / "landed" / "hrm" / "2025-03-10" / "001-abc"
    folder.mkdir(parents=True)
    (folder / "extract.json").write_text("{}")


def test_a_key_is_made_once_for_its_owner_alone_and_remembered(tmp_path: Path) -> None:
    """contract#id-key."""
    key = load(tmp_path)
    assert len(key) == 64 and load(tmp_path) == key
    assert (tmp_path / "secrets" / "id_key").stat().st_mode & 0o777 == 0o600
    fingerprint = (tmp_path / "landed" / "id_key.fingerprint").read_text()
    assert len(fingerprint) == 17 and fingerprint.strip() not in key.decode()


@pytest.mark.parametrize("key", ["", "short", "123456789012345"])
def test_an_empty_or_short_key_is_refused_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    """contract#id-key."""
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(WrongKey, match=f"{KEY_VARIABLE} is empty or too short for a key: it needs 16 bytes or more. Set it to"):
        load(tmp_path)
    monkeypatch.delenv(KEY_VARIABLE)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "id_key").write_text(f"{key}\n")
    with pytest.raises(WrongKey, match=r"id_key is empty or too short .* Restore it from the backup"):
        load(tmp_path)
    assert not (tmp_path / "landed" / "id_key.fingerprint").exists()
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    assert load(tmp_path) == KEY.encode()


def test_a_key_of_zero_bytes_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "id_key").write_bytes(b"\0" * 64)
    with pytest.raises(WrongKey, match="empty or too short"):
        load(tmp_path)


def test_another_key_is_an_error_wherever_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """contract#id-key."""
    load(tmp_path)
    own = (tmp_path / "secrets" / "id_key").read_text()
    (tmp_path / "secrets" / "id_key").write_text("f" * 64)
    with pytest.raises(WrongKey, match=r"id_key holds another key .* Restore that key from the backup") as error:
        load(tmp_path)
    assert "f" * 16 not in str(error.value)
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    with pytest.raises(WrongKey, match=f"{KEY_VARIABLE} holds another key"):
        load(tmp_path)
    monkeypatch.setenv(KEY_VARIABLE, own)
    assert load(tmp_path) == own.encode()


def test_a_vanished_key_is_never_replaced_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """contract#id-key."""
    key = load(tmp_path)
    (tmp_path / "secrets" / "id_key").unlink()
    for _ in range(2):
        with pytest.raises(WrongKey, match=r"id_key is gone, .* Restore it from the backup"):
            load(tmp_path)
        assert not (tmp_path / "secrets" / "id_key").exists()
        (tmp_path / "landed" / "id_key.fingerprint").unlink(missing_ok=True)
        if not (tmp_path / "landed" / "hrm").exists():
            land_something(tmp_path)
    monkeypatch.setenv(KEY_VARIABLE, key.decode())
    assert load(tmp_path) == key


def test_a_key_from_the_environment_that_is_not_set_any_more_is_gone_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """contract#id-key."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    load(tmp_path)
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(WrongKey, match=f"or set {KEY_VARIABLE} if it was kept there"):
        load(tmp_path)


def test_the_key_of_an_earlier_version_is_remembered_from_now_on(tmp_path: Path) -> None:
    land_something(tmp_path)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "id_key").write_text("a" * 64)
    assert load(tmp_path) == b"a" * 64 and (tmp_path / "landed" / "id_key.fingerprint").exists()


@pytest.mark.parametrize("content", [b"", b"\0" * 17, b"0123", b"\xff\xfe"])
def test_a_damaged_fingerprint_is_an_error_that_names_the_file(tmp_path: Path, content: bytes) -> None:
    load(tmp_path)
    (tmp_path / "landed" / "id_key.fingerprint").write_bytes(content)
    with pytest.raises(WrongKey, match=r"id_key\.fingerprint is damaged, .* Restore it from the backup"):
        load(tmp_path)
