"""`huying devices simulate`: what may be asked for, what it says, and whom it registers."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from huying.ground.territory.factories import HETANG, NOW, a_town
from huying.kernel.actor import system
from huying.kernel.errors import NotFound
from huying.senses.devices.logins import device_let_in
from huying.senses.devices.models import Credential, Device
from huying.senses.readings.commands import simulate
from huying.senses.readings.simulator.crowd import gather
from huying.senses.readings.simulator.registering import gateways_of, read_secrets, register, secrets_path

QUICK = ("--by", "file", "--speed", "0", "--start", "2025-06-10T01:00:00", "--json")


def _asked(*options: str) -> Result:
    return CliRunner().invoke(simulate, list(options))


def test_a_recorded_run_says_what_must_be_found(tmp_path: Path) -> None:
    file, ledger = tmp_path / "recorded.ndjson", tmp_path / "ledger.ndjson"
    options = ("--file", str(file), "--ledger", str(ledger), "--seconds", "600", "--devices", "30", "--behind", "10")
    done = _asked(*QUICK, *options, "--fault", "duplicate=0.2", "--fault", "garbage=0.1", "--trouble", "sos=1")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert sum(line["readings"] for line in lines) == told["expected"] + told["again"]
    assert told["faults"]["duplicate"] == told["again"] > 0
    assert told["garbage"] == told["faults"]["garbage"] > 0
    assert told["kinds"]["gateway"] > 0
    assert told["troubles_without_device"] == []
    account = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert sum(line["readings"] for line in account) == told["expected"]
    assert len(account) == told["devices"] <= 33
    assert _asked(*QUICK, *options[:2], *options[4:]).exit_code == 0


def test_a_rate_is_for_all_devices_together(tmp_path: Path) -> None:
    done = _asked(
        *QUICK, "--file", str(tmp_path / "x"), "--seconds", "10", "--kind", "smart_breaker=50", "--rate", "200"
    )
    told = json.loads(done.stdout)
    assert told["kinds"] == {"smart_breaker": told["expected"]}
    assert told["expected"] == pytest.approx(2000, rel=0.03)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--kind", "toaster=3"), "toaster"), (("--trouble", "plague=1"), "plague"), (("--fault", "duplicate=2"), "duplicate"),
        (("--fault", "typo"), "name=number"), (("--trouble", "leak=0.5"), "name=number"), (("--seconds", "0"), "never end"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_and_nothing_is_written(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    file = tmp_path / "never.ndjson"
    done = _asked(*QUICK, "--file", str(file), *options)
    assert done.exit_code != 0
    assert words in done.output
    assert not file.exists()


def test_a_file_must_be_named() -> None:
    done = _asked(*QUICK)
    assert done.exit_code == 1
    assert "--file" in done.output


@pytest.mark.django_db
def test_devices_are_registered_once_and_let_in(settings: Any, tmp_path: Path) -> None:
    settings.HUYING_DATA_DIR = tmp_path
    a_town()
    figures = gather({"smoke": 3, "wearable": 2}, behind=2)
    everyone = [*figures, *gateways_of(figures)]
    new, secrets = register(everyone, actor=system("simulator"), now=NOW, area=HETANG)
    assert new == len(everyone) == len(secrets) == 8
    assert stat.S_IMODE(secrets_path().stat().st_mode) == 0o600
    assert set(Device.objects.values_list("area", flat=True)) == {HETANG}
    assert Device.objects.get(code="sim-smk-00003").gateway is not None
    assert all(device_let_in(code, secret) is not None for code, secret in secrets.items())

    assert register(everyone, actor=system("simulator"), now=NOW, area=HETANG) == (0, secrets)
    assert read_secrets(secrets_path()) == secrets

    secrets_path().unlink()
    _new, others = register(everyone[:2], actor=system("simulator"), now=NOW)
    assert _new == 0
    assert not set(others.values()) & set(secrets.values())
    assert Credential.objects.count() == 8


@pytest.mark.django_db
def test_an_unknown_place_registers_nobody(settings: Any, tmp_path: Path) -> None:
    settings.HUYING_DATA_DIR = tmp_path
    a_town()
    with pytest.raises(NotFound):
        register(gather({"smoke": 1}), actor=system("simulator"), now=NOW, area="999999999999")
    assert not Device.objects.exists()
    assert not secrets_path().exists()
