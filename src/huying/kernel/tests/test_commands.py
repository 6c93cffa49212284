from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from django.db import transaction

from huying.kernel.actor import SYSTEM
from huying.kernel.commands import commands
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.factories import MOMENT, a_draft, checkpoint
from huying.kernel.privacy import AccessEntry
from huying.kernel.tasks import sign_checkpoint
from huying.kernel.trace import Checkpoint, offline, record, resolve_chain
from huying.kernel.trace.export import _resolvers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def history(settings: Any, tmp_path: Path) -> None:
    settings.HUYING_DATA_DIR = tmp_path
    with transaction.atomic():
        record([a_draft(private={"phone": "13800138000"}), a_draft(verb="case.closed")])
    checkpoint(actor=SYSTEM, now=MOMENT)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(click.Group(commands=commands), list(arguments))


def test_verify_says_so_and_ends_with_zero() -> None:
    result = run("verify")
    assert result.exit_code == 0
    assert result.output.splitlines()[-1].startswith("intact: 2 entries in 1 chains")
    answer = json.loads(run("verify", "--json").output)
    assert (answer["ok"], answer["entries"]) == (True, 2)


def test_verify_with_another_key_ends_with_one(tmp_path: Path, settings: Any) -> None:
    settings.HUYING_DATA_DIR = tmp_path / "other"
    run("trace", "key")
    result = run("verify")
    assert result.exit_code == 1
    assert "CHECKPOINT" in result.output


def test_export_and_check(tmp_path: Path) -> None:
    file, key = tmp_path / "case.json", tmp_path / "key.pem"
    assert run("trace", "export", "case:1", "-o", str(file)).exit_code == 0
    key.write_text(run("trace", "key").output)
    checked = run("trace", "check", str(file), "--key", str(key))
    assert checked.exit_code == 0, checked.output
    file.write_text(file.read_text().replace("case.closed", "case.kept!!"))
    assert run("trace", "check", str(file), "--key", str(key)).exit_code == 1


def test_the_checker_runs_alone(tmp_path: Path) -> None:
    """One file, copied away, without Huying or Django on the path."""
    alone = shutil.copy(Path(offline.__file__), tmp_path / "check_trace.py")
    file = tmp_path / "case.json"
    run("trace", "export", "case:1", "-o", str(file))
    command = [sys.executable, "-I", str(alone), str(file), "--key", str(tmp_path / "trace.pub"), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["covered"] == 2
    source = Path(offline.__file__).read_text()
    assert "import django" not in source
    assert "from huying" not in source


def test_a_case_number_is_resolved() -> None:
    @resolve_chain
    def by_number(text: str) -> str | None:
        return "case:1" if text == "SJ20260302000001" else None

    try:
        assert json.loads(run("trace", "export", "SJ20260302000001").output)["chain"] == "case:1"
    finally:
        _resolvers.remove(by_number)
    unknown = run("trace", "export", "nothing")
    assert unknown.exit_code == 1
    assert isinstance(unknown.exception, NotFound)


def test_disclosing_needs_a_reason_and_is_logged() -> None:
    refused = run("trace", "export", "case:1", "--disclose", "phone")
    assert isinstance(refused.exception, Invalid)
    assert AccessEntry.objects.count() == 0
    opened = run("trace", "export", "case:1", "--disclose", "phone", "--why", "法院调取证据")
    assert "13800138000" in opened.output
    assert AccessEntry.objects.get().what == ["phone"]


def test_checkpoint_prints_the_statement() -> None:
    assert "number" in json.loads(run("trace", "checkpoint").output)


def test_the_hourly_job_signs_once_a_day() -> None:
    sign_checkpoint(0)
    signed = list(Checkpoint.objects.values_list("number", flat=True))
    sign_checkpoint(3600)
    assert list(Checkpoint.objects.values_list("number", flat=True)) == signed


def test_statements_kept_elsewhere_are_compared(tmp_path: Path) -> None:
    anchors = tmp_path / "anchors"
    anchors.write_text(run("trace", "checkpoint").output)
    assert run("verify", "--anchors", str(anchors)).exit_code == 0
    anchors.write_text(anchors.read_text().replace('"leaves":', '"leaves": '))
    assert run("verify", "--anchors", str(anchors)).exit_code == 1
    anchors.write_text("nonsense")
    assert run("verify", "--anchors", str(anchors)).exit_code == 2
