from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from huying.kernel import checks
from huying.kernel.clock import local_day, now
from huying.kernel.factories import MOMENT
from huying.kernel.progress import Silent, Terminal, track
from huying.kernel.trace.keys import KeyMissing, ensure_private_key, load_private_key, public_pem, trusted_keys


@pytest.mark.parametrize("secret", ["", "short", "a" * 60])
def test_weak_secrets_are_errors(settings: Any, secret: str) -> None:
    settings.HUYING_SECRET = secret
    assert [message.id for message in checks.check_secret(None)] == ["kernel.E001"]


def test_good_settings_pass(settings: Any, tmp_path: Path) -> None:
    settings.HUYING_DATA_DIR, settings.HUYING_FILES = tmp_path, tmp_path / "files" / "new"
    ensure_private_key()
    assert checks.check_secret(None) == []
    assert checks.check_directories(None) == []
    assert checks.check_trace_key(None) == []


def test_missing_directories_and_keys_are_named(settings: Any, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    settings.HUYING_DATA_DIR, settings.HUYING_FILES = blocked, None
    assert [message.id for message in checks.check_directories(None)] == ["kernel.E003", "kernel.E002"]
    assert [message.id for message in checks.check_trace_key(None)] == ["kernel.W001"]


@pytest.mark.django_db
def test_the_database_is_new_enough() -> None:
    assert checks.check_database(None, databases=["default"]) == []
    assert checks.check_database(None) == []


@pytest.mark.django_db
def test_an_old_database_or_a_missing_extension_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "MIN_POSTGRES", 990000)
    monkeypatch.setattr(checks, "EXTENSIONS", ("no_such_extension",))
    assert [m.id for m in checks.check_database(None, databases=["default"])] == ["kernel.E005", "kernel.E006"]


def test_the_key_is_made_once_and_readable_by_its_owner_only(settings: Any, tmp_path: Path) -> None:
    settings.HUYING_DATA_DIR = tmp_path / "new"
    with pytest.raises(KeyMissing):
        load_private_key()
    first = ensure_private_key().private_bytes_raw()
    assert ensure_private_key().private_bytes_raw() == first
    assert (tmp_path / "new" / "trace.key").stat().st_mode & 0o077 == 0
    assert len(trusted_keys()) == 1


def test_a_key_from_the_environment(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HUYING_DATA_DIR = tmp_path
    key = ensure_private_key()
    monkeypatch.setenv("HUYING_TRACE_KEY", (tmp_path / "trace.key").read_text())
    settings.HUYING_DATA_DIR = tmp_path / "elsewhere"
    assert load_private_key().private_bytes_raw() == key.private_bytes_raw()
    assert public_pem().startswith(b"-----BEGIN PUBLIC KEY")
    monkeypatch.setenv("HUYING_TRACE_KEY", "/no/such/file")
    with pytest.raises(KeyMissing):
        ensure_private_key()


def test_clock() -> None:
    assert now().tzinfo is not None
    assert local_day(MOMENT).isoformat() == "2026-03-02"
    assert local_day(MOMENT.replace(hour=17)).isoformat() == "2026-03-03"


def test_progress() -> None:
    stream = io.StringIO()
    assert list(track(range(250), "导入", 250, Terminal(stream))) == list(range(250))
    assert "导入  250" in stream.getvalue()
    assert list(track([1], "x", None, Silent())) == [1]
