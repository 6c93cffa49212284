"""The gatekeeper and a real server: a device is let in over MQTT, hears its commands, and stays outside once revoked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as mqtt
import pytest
from django.conf import settings
from django.db import connection

from huying.casework.cases.factories import NOW, make_cast
from huying.kernel.actor import SYSTEM
from huying.kernel.stream import publisher
from huying.senses.devices import actions, directory
from huying.senses.devices.factories import make_device, make_keeper
from huying.senses.devices.models import Command

PATIENCE = 60.0


@pytest.fixture
def gatekeeper(transactional_db: None, streams: Any) -> Iterator[Any]:
    """The part as the instance starts it, on this test's database."""
    database = connection.settings_dict
    env = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "huying.config.settings",
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
        "HUYING_DATA_DIR": str(settings.HUYING_DATA_DIR),
        "HUYING_SECRET": settings.HUYING_SECRET,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    log = Path(settings.HUYING_DATA_DIR) / "gatekeeper.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "huying.senses.devices.gatekeeper"], env=env, stdout=output, stderr=output
        )
    yield streams
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0, log.read_text()


@contextmanager
def let_in(server: Any, code: str, secret: str) -> Iterator[tuple[mqtt.Client, bool]]:
    """An MQTT client and whether it was let in."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"{code}-client")
    client.username_pw_set(code, secret)
    answered, good = threading.Event(), []

    def connected(_client: object, _data: object, _flags: object, reason: object, _properties: object) -> None:
        good.append(reason == 0)
        answered.set()

    client.on_connect = connected
    client.connect("127.0.0.1", int(server.access["mqtt_port"]))
    client.loop_start()
    answered.wait(PATIENCE)
    try:
        yield client, bool(good and good[0])
    finally:
        client.disconnect()
        client.loop_stop()


def until_let_in(server: Any, code: str, secret: str) -> bool:
    """The gatekeeper needs a moment to start."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with let_in(server, code, secret) as (_client, good):
            if good:
                return True
    return False


@pytest.mark.slow
def test_a_device_is_let_in_told_and_shut_out(gatekeeper: Any) -> None:
    directory.forget()
    cast = make_cast()
    luo, shen = make_keeper(cast), make_keeper(cast, "沈设备")
    device, other = make_device(luo, "b-1"), make_device(luo, "b-2")
    secret = actions.issue_credential(device.pk, actor=luo, now=NOW)
    actions.issue_credential(other.pk, actor=luo, now=NOW)
    assert until_let_in(gatekeeper, "b-1", secret), (Path(settings.HUYING_DATA_DIR) / "gatekeeper.log").read_text()
    for code, wrong in (("b-1", "x" * 43), ("b-2", secret), ("nobody", secret)):
        with let_in(gatekeeper, code, wrong) as (_client, good):
            assert not good

    heard: list[dict[str, object]] = []
    told, ready = threading.Event(), threading.Event()
    with let_in(gatekeeper, "b-1", secret) as (client, good):
        assert good

        def receive(_client: object, _data: object, message: mqtt.MQTTMessage) -> None:
            heard.append(orjson.loads(message.payload))
            told.set()

        client.on_message = receive
        client.on_subscribe = lambda *_more: ready.set()
        client.subscribe("hy/b-1/down", qos=0)
        assert ready.wait(PATIENCE)
        command = actions.ask_command(device.pk, actor=luo, now=NOW, code="open", reason="漏电超限")
        actions.confirm_command(command.pk, actor=shen, now=NOW)
        for _again in range(2):
            actions.send_command(command.pk, actor=SYSTEM, now=NOW, stream=publisher())
        assert told.wait(PATIENCE)
        assert client.publish("hy/b-1/up", b'{"v": {"leak": 1}}', qos=1).wait_for_publish(PATIENCE) is None
    assert [(one["command"], one["code"], one["payload"]) for one in heard] == [(command.pk, "open", {"switch": False})]
    assert Command.objects.get().state == "sent"

    actions.revoke_credential(device.pk, actor=luo, now=NOW)
    with let_in(gatekeeper, "b-1", secret) as (_client, good):
        assert not good
