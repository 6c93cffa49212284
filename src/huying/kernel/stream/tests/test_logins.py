"""Devices at the door of a real server: MQTT and NATS logins judged by us, and what they may do once they are in."""

import asyncio
import threading
from contextlib import contextmanager

import nats
import paho.mqtt.client as mqtt
import pytest

from huying.kernel import stream
from huying.kernel.stream import READINGS, connect, device_permit
from huying.kernel.stream.tests.apart import run_apart

PATIENCE = 10.0
PASSWORDS = {"d-1": "right", "d-2": "other"}


def judge(login):
    return device_permit(login.name, login.kind) if PASSWORDS.get(login.name) == login.password else None


@pytest.fixture
def door(streams):
    """Somebody answers logins, as the gatekeeper does."""
    loop = asyncio.new_event_loop()
    open_ = threading.Event()

    async def answer():
        connection = await connect(name="door")
        task = asyncio.create_task(stream.answer_logins(connection, judge))
        while "$SYS.REQ.USER.AUTH" not in {one.subject for one in connection._subs.values()}:
            await asyncio.sleep(0.005)
        await connection.flush()
        open_.set()
        try:
            await task
        finally:
            await connection.close()

    async def until_told():
        await asyncio.gather(task, return_exceptions=True)

    task = loop.create_task(answer())
    thread = threading.Thread(target=loop.run_until_complete, args=(until_told(),), daemon=True)
    thread.start()
    assert open_.wait(PATIENCE)
    yield streams
    loop.call_soon_threadsafe(task.cancel)
    thread.join(PATIENCE)
    loop.close()


@contextmanager
def device(server, name, password):
    """An MQTT device; yields (client, reason code of its login)."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=f"{name}-client")
    client.username_pw_set(name, password)
    answered, codes = threading.Event(), []

    def connected(_client, _data, _flags, reason, _properties):
        codes.append(reason)
        answered.set()

    client.on_connect = connected
    client.connect("127.0.0.1", int(server.access["mqtt_port"]))
    client.loop_start()
    assert answered.wait(PATIENCE)
    try:
        yield client, codes[0]
    finally:
        client.disconnect()
        client.loop_stop()


def messages():
    async def work():
        connection = await connect(name="admin")
        state = await stream.fullness(connection, READINGS)
        await connection.close()
        return state.messages

    return run_apart(work())


def test_a_device_that_is_known_publishes_by_mqtt_and_is_acknowledged_when_it_is_stored(door):
    with device(door, "d-1", "right") as (client, reason):
        assert not reason.is_failure
        sent = client.publish("hy/d-1/up", b'{"v":1}', qos=1)
        sent.wait_for_publish(PATIENCE)
        assert sent.is_published()
    assert messages() == 1


@pytest.mark.parametrize(("name", "password"), [("d-1", "wrong"), ("d-1", ""), ("nobody", "right"), ("d-2", "right")])
def test_who_is_not_known_is_not_let_in(door, name, password):
    with device(door, name, password) as (_client, reason):
        assert reason.is_failure
    assert messages() == 0


def test_a_device_speaks_for_itself_only(door):
    with device(door, "d-1", "right") as (client, _reason):
        client.publish("hy/d-2/up", b"as another", qos=1).wait_for_publish(PATIENCE)
        client.publish("hy/d-1/up", b"as itself", qos=1).wait_for_publish(PATIENCE)
    assert messages() == 1


def test_a_device_hears_what_it_is_told(door):
    heard, ready = threading.Event(), threading.Event()
    with device(door, "d-1", "right") as (client, _reason):
        client.on_message = lambda _client, _data, message: heard.set() if message.payload == b"open" else None
        client.on_subscribe = lambda *_: ready.set()
        client.subscribe("hy/d-1/down", qos=1)
        assert ready.wait(PATIENCE)
        sender = stream.Publisher(name="test")
        sender.tell(stream.down_subject("d-1"), b"open")
        assert heard.wait(PATIENCE)
        sender.close()


def test_a_full_stream_is_not_acknowledged_to_a_device(door, settings):
    settings.HUYING_STREAM_MEGABYTES = "1"

    async def shrink():
        connection = await connect(name="admin")
        await stream.ensure_streams(connection)
        await connection.close()

    run_apart(shrink())
    with device(door, "d-1", "right") as (client, _reason):
        sent = [client.publish("hy/d-1/up", b"x" * 100_000, qos=1) for _ in range(15)]
        sent[0].wait_for_publish(PATIENCE)
        sent[-1].wait_for_publish(1.0)
        acknowledged = sum(one.is_published() for one in sent)
    assert 0 < acknowledged < 15
    assert acknowledged <= messages()


def test_a_gateway_by_nats_publishes_where_it_is_stored(door):
    async def work():
        url = door.access["url"]
        gateway = await nats.connect(url, user="d-1", password="right", inbox_prefix="_INBOX_d-1")
        answer = await gateway.request(stream.stored_subject(stream.reading_subject("d-1")), b"x", timeout=PATIENCE)
        await gateway.close()
        with pytest.raises(stream.StreamUnavailable):
            await connect(name="stranger", access=stream.Access((url,), "d-1", "wrong"), patience=0.3)
        return answer.data

    assert b'"seq":1' in run_apart(work())
