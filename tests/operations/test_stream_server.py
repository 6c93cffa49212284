"""The instance's own nats-server: secrets made once and kept to oneself, ports that stay, settings that fail at the start."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from huying.config.instance.nats import NatsFailed, NatsServer, answers
from huying.config.settings_stream import problems


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    one = NatsServer(tmp_path / "nats")
    one.start()
    yield one
    one.stop()


def test_it_answers_and_keeps_its_secrets_to_itself(server: NatsServer) -> None:
    assert answers("127.0.0.1", server.access["port"])
    for name in ("access.json", "server.conf"):
        assert stat.S_IMODE((server.directory / name).stat().st_mode) == 0o600
    assert stat.S_IMODE(server.directory.stat().st_mode) == 0o700
    secrets = (server.access["password"], server.access["issuer"])
    said = server.log.read_text()
    assert not any(secret in said for secret in secrets)
    process = server.process
    assert process is not None
    command = " ".join(psutil.Process(process.pid).cmdline())
    assert not any(secret in command for secret in secrets)


def test_started_again_it_has_the_same_secrets_and_ports(server: NatsServer) -> None:
    before = server.access
    server.stop()
    assert not answers("127.0.0.1", before["port"], patience=0.2)
    server.start()
    assert server.access == before


def test_what_an_earlier_run_left_is_ended(server: NatsServer, tmp_path: Path) -> None:
    left = server.process
    assert left is not None
    second = NatsServer(tmp_path / "nats")
    second.start()
    assert left.wait(20) is not None
    assert answers("127.0.0.1", second.access["port"])
    second.stop()


def test_what_it_does_not_understand_it_says(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats", sync="sometimes")
    with pytest.raises(NatsFailed, match=r"stream\.log"):
        server.start(patience=20)
    assert server.process is None


def test_settings_that_make_sense_pass() -> None:
    assert problems("", "4096", "1", "10s") == {}
    assert problems("nats://127.0.0.1:4222, tls://u:p@n2.example.org", "16", "3", "always") == {}
    assert problems("nats://[::1]:4222", "16", "5", "500ms") == {}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("NATS_URL", ("127.0.0.1:4222", "4096", "1", "10s")),
        ("NATS_URL", ("nats://a:4222,,nats://b", "4096", "1", "10s")),
        ("NATS_URL", ("http://a", "4096", "1", "10s")),
        ("HUYING_STREAM_MEGABYTES", ("", "8", "1", "10s")),
        ("HUYING_STREAM_MEGABYTES", ("", "much", "1", "10s")),
        ("HUYING_STREAM_REPLICAS", ("", "4096", "2", "10s")),
        ("HUYING_STREAM_SYNC", ("", "4096", "1", "0s")),
        ("HUYING_STREAM_SYNC", ("", "4096", "1", "soon")),
    ],
)
def test_settings_that_do_not_are_named_with_what_to_write(name: str, values: tuple[str, str, str, str]) -> None:
    assert list(problems(*values)) == [name]
