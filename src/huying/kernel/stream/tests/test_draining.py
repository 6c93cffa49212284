"""A real server: everything comes once and in order, from any cursor, through kill -9, and a full stream refuses."""

import asyncio
from contextlib import aclosing, suppress
from itertools import pairwise

import pytest

from huying.kernel import stream
from huying.kernel.stream import (
    PARTITIONS,
    READINGS,
    URGENT,
    Publisher,
    StreamFull,
    StreamRefused,
    StreamRenewed,
    StreamUnavailable,
    connect,
    drain,
    partition_of,
    reading_subject,
    stored_subject,
    urgent_subject,
)

from .apart import run_apart

PATIENCE = 20.0


@pytest.fixture
def sender(streams):
    one = Publisher(name="test")
    yield one
    one.close()


def sent(sender, count, first=0, code="d-1"):
    results = sender.publish_many([(reading_subject(code), str(first + n).encode(), "") for n in range(count)])
    assert all(isinstance(result, int) for result in results)
    return results


async def taken(source, count):
    """The first `count` messages, and not one more."""
    found = []
    async with asyncio.timeout(PATIENCE):
        async for batch in source:
            found += batch
            if len(found) >= count:
                break
    assert len(found) == count
    return found


def read(count, **wanted):
    """In a loop of its own: connect, drain `count` messages, hang up."""

    async def work():
        connection = await connect(name="reader")
        async with aclosing(drain(connection, wanted.pop("stream", READINGS), **wanted)) as source:
            found = await taken(source, count)
            rest = await anext(source)
        await connection.close()
        assert rest == []
        return found

    return run_apart(work())


def test_what_was_published_comes_in_order_with_its_number_and_time(sender):
    seqs = sent(sender, 5000)
    found = read(5000, partition=None, after=0, most=700)
    assert [message.seq for message in found] == seqs == list(range(1, 5001))
    assert [int(message.data) for message in found] == list(range(5000))
    assert found[0].subject == f"r.{partition_of('d-1')}.d-1" and stream.code_of(found[0].subject) == "d-1"
    assert all(a.at <= b.at for a, b in pairwise(found)) and found[0].at.utcoffset().seconds == 0


def test_it_goes_on_behind_the_cursor(sender):
    sent(sender, 50)
    assert [int(message.data) for message in read(7, partition=None, after=43)] == list(range(43, 50))


def test_every_partition_has_its_devices_and_only_those(sender):
    codes = [f"device_{n}-x" for n in range(40)]
    sender.publish_many([(reading_subject(code), code.encode(), "") for code in codes])
    for partition in range(PARTITIONS):
        mine = [code for code in codes if partition_of(code) == partition]
        assert mine, "forty devices reach every partition"
        assert [message.data.decode() for message in read(len(mine), partition=partition, after=0)] == mine


def test_what_is_urgent_has_a_stream_of_its_own(sender):
    sent(sender, 3)
    assert sender.publish(urgent_subject("d-1"), b"sos") == 1
    (message,) = read(1, stream=URGENT, partition=None, after=0)
    assert (message.subject, message.data) == ("u.d-1", b"sos")


def test_the_same_message_sent_twice_is_kept_once(sender):
    first = sender.publish(reading_subject("d-1"), b"x", msg_id="d-1/7")
    assert sender.publish(reading_subject("d-1"), b"x", msg_id="d-1/7") == first
    assert len(read(1, partition=None, after=0)) == 1


def test_what_was_acknowledged_survives_kill_9_and_comes_once(sender, streams):
    """Killed while it is written to and read from; the reader and the sender live on."""
    kept = []

    async def write():
        connection = await connect(name="writer")
        number = 0
        while number < 600:
            with suppress(Exception):  # not acknowledged: sent again with the same id, as a device does
                answer = await connection.request(
                    stored_subject(reading_subject("d-1")),
                    str(number).encode(),
                    timeout=0.5,
                    headers={"Nats-Msg-Id": str(number)},
                )
                if b'"error"' not in answer.data:
                    number += 1
        await connection.close()

    async def work():
        connection = await connect(name="reader")
        writing = asyncio.create_task(write())
        kills = [100, 300]
        async with aclosing(drain(connection, READINGS, partition=None, after=0, most=50, patience=0.05)) as source:
            async with asyncio.timeout(PATIENCE * 2):
                async for batch in source:
                    kept.extend(batch)
                    if kills and len(kept) >= kills[0]:
                        kills.pop(0)
                        streams.kill()
                        streams.start()  # here: the server ends with the thread that started it
                    if len(kept) >= 600:
                        break
        await writing
        assert connection.renewals == 2
        await connection.close()

    run_apart(work())
    streams.kill()  # it is ending already, with its thread: the next test begins with a new one
    assert [int(message.data) for message in kept] == list(range(600))
    assert [message.seq for message in kept] == sorted({message.seq for message in kept})


def test_who_joins_behind_while_the_reading_begins_misses_nothing(sender):
    """After a loss all partitions begin again at nearly the same moment, one of them further back."""
    late, early = "d-1", next(f"e-{n}" for n in range(99) if partition_of(f"e-{n}") != partition_of("d-1"))
    sent(sender, 5, code=early)
    (*_, last) = sent(sender, 5, code=late)

    async def work(pause):
        connection = await connect(name="reader")
        ahead = drain(connection, READINGS, partition=partition_of(late), after=last, patience=0.05)
        behind = drain(connection, READINGS, partition=partition_of(early), after=0, patience=0.05)
        first = asyncio.create_task(anext(ahead))
        await asyncio.sleep(pause)
        found = await taken(behind, 5)
        await first
        await ahead.aclose()
        await behind.aclose()
        await connection.close()
        return [int(message.data) for message in found]

    for pause in range(12):
        assert run_apart(work(pause / 3000)) == list(range(5))


def test_a_cursor_ahead_of_the_stream_does_not_wait_for_numbers_to_come_again(sender):
    """What a power cut may leave behind: the cursor is on disk, the end of the stream is not."""
    sent(sender, 10)

    async def work():
        connection = await connect(name="reader")
        async with aclosing(drain(connection, READINGS, partition=None, after=500)) as source:
            assert await anext(source) == []
            await asyncio.to_thread(sent, sender, 5, 10)
            return await taken(source, 5), await connection.close()

    found, _ = run_apart(work())
    assert [message.seq for message in found] == [11, 12, 13, 14, 15]


async def _made_anew(connection, name=READINGS):
    """Somebody deletes the stream and makes it again: with an empty disk, or by hand.

    On a busy machine the server still writes what was just published after it deleted the rest, and the new stream begins
    with it: then it is deleted once more.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            await connection.jsm().delete_stream(name)
            await stream.ensure_streams(connection)
            if not (await stream.fullness(connection, name)).messages:
                return


@pytest.mark.parametrize("partition", [None, partition_of("d-1")])
def test_a_stream_made_anew_while_it_is_read_says_so(sender, partition):
    """Its numbers begin again: going on behind the old ones would skip what comes first."""
    sent(sender, 10)

    async def work():
        connection = await connect(name="reader")
        source = drain(connection, READINGS, partition=partition, after=0, patience=0.05)
        await taken(source, 10)
        await _made_anew(connection)
        await asyncio.to_thread(sent, sender, 5, 10)
        with pytest.raises(StreamRenewed):
            async with asyncio.timeout(PATIENCE):
                while True:
                    assert await anext(source) == [], "nothing is taken on behind the old numbers"
        again = await taken(drain(connection, READINGS, partition=partition, after=0), 5)
        await connection.close()
        return [int(message.data) for message in again]

    assert run_apart(work()) == list(range(10, 15))


def test_a_stream_made_anew_between_two_readings_says_so(sender):
    sent(sender, 10)

    async def work():
        connection = await connect(name="reader")
        born = (await stream.fullness(connection, READINGS)).born
        await _made_anew(connection)
        await asyncio.to_thread(sent, sender, 20)
        for partition in (None, partition_of("d-1")):
            with pytest.raises(StreamRenewed):
                async with asyncio.timeout(PATIENCE):
                    while await anext(drain(connection, READINGS, partition=partition, after=10, born=born)) == []:
                        pass
        assert (await stream.fullness(connection, READINGS)).born > born
        await connection.close()

    run_apart(work())


def test_a_stream_that_is_gone_says_so(sender):
    sent(sender, 10)

    async def work():
        connection = await connect(name="reader")
        born = (await stream.fullness(connection, READINGS)).born
        await connection.jsm().delete_stream(READINGS)
        async with aclosing(drain(connection, READINGS, partition=None, after=10, born=born)) as source:
            with pytest.raises(StreamRenewed, match="gone"):
                async with asyncio.timeout(PATIENCE):
                    while await anext(source) == []:
                        pass
        await stream.ensure_streams(connection)
        await connection.close()

    run_apart(work())


def test_a_full_stream_refuses_and_takes_again_after_a_purge(sender, settings):
    settings.HUYING_STREAM_MEGABYTES = "1"

    async def shrink():
        connection = await connect(name="admin")
        await stream.ensure_streams(connection)
        return connection

    async def state(connection, upto=0):
        if upto:
            await stream.purge(connection, READINGS, partition=None, upto=upto)
        return await stream.fullness(connection, READINGS), await connection.close()

    run_apart(_closed(shrink()))
    heavy = b"x" * 100_000
    results = sender.publish_many([(reading_subject("d-1"), heavy, "") for _ in range(15)])
    refused = [result for result in results if isinstance(result, StreamRefused)]
    assert 0 < len(refused) < 15 and all(isinstance(one, StreamFull) for one in refused)
    with pytest.raises(StreamFull) as info:
        sender.publish(reading_subject("d-1"), heavy)
    assert info.value.status == 503
    full, _ = run_apart(_then(shrink(), state))
    assert full.share > 0.85 and full.messages == 15 - len(refused)
    empty, _ = run_apart(_then(shrink(), lambda connection: state(connection, full.last_seq)))
    assert empty.messages == 0 and empty.last_seq == full.last_seq
    assert sender.publish(reading_subject("d-1"), heavy) > full.last_seq


async def _closed(making):
    await (await making).close()


async def _then(making, work):
    return await work(await making)


def test_without_a_server_publishing_says_so_at_once(sender, streams):
    sender.publish(reading_subject("d-1"), b"x")
    streams.kill()
    with pytest.raises(StreamUnavailable):
        sender.publish(reading_subject("d-1"), b"y")
    with pytest.raises(StreamUnavailable):
        sender.tell(stream.down_subject("d-1"), b"open")


def test_what_is_told_reaches_who_listens(sender):
    async def work():
        connection = await connect(name="device")
        listening = await connection.subscribe(stream.down_subject("d-1"))
        await connection.flush()
        await asyncio.to_thread(sender.tell, stream.down_subject("d-1"), b"open")
        message = await listening.next_msg(timeout=PATIENCE)
        await connection.close()
        return message.data

    assert run_apart(work()) == b"open"


def test_partitions_drained_together_share_a_reading_and_begin_each_at_its_own_cursor(sender):
    codes = [f"d-{n}" for n in range(300)]
    seqs = sender.publish_many([(reading_subject(code), code.encode(), "") for code in codes])
    by_partition = {
        p: [s for s, code in zip(seqs, codes, strict=True) if partition_of(code) == p] for p in range(PARTITIONS)
    }
    after = {0: seqs[250], 1: 0, 2: seqs[100], 3: seqs[-1]}
    wanted = {p: [seq for seq in by_partition[p] if seq > after[p]] for p in range(PARTITIONS)}

    async def lane(connection, partition):
        async with aclosing(drain(connection, READINGS, partition=partition, after=after[partition], most=7)) as source:
            found = await taken(source, len(wanted[partition])) if wanted[partition] else []
            return [message.seq for message in found], await anext(source)

    async def work():
        connection = await connect(name="reader")
        found = await asyncio.gather(*(lane(connection, partition) for partition in range(PARTITIONS)))
        again, _ = await lane(connection, 2)
        await connection.close()
        return dict(enumerate(found)), again

    found, again = run_apart(work())
    assert found == {p: (wanted[p], []) for p in range(PARTITIONS)}
    assert again == wanted[2]
