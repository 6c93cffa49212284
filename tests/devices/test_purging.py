"""What may be purged is what is taken, though some partitions have been silent for long; what waits stays."""

from typing import Any

import pytest

from huying.kernel.stream import READINGS, StreamFull, connect, fullness, partition_of, publisher, reading_subject
from huying.kernel.stream.tests.apart import run_apart
from huying.senses.readings.waiting import taken_upto, waiting
from huying.senses.readings.worker import KEEP_HOUSE

from .conftest import taken, until


async def _asked(seqs: list[int]) -> tuple[int, int, int]:
    connection = await connect(name="test")
    try:
        last = (await fullness(connection, READINGS)).last_seq
        return await taken_upto(connection, READINGS, seqs, last), await waiting(connection, READINGS, seqs), last
    finally:
        await connection.close()


def test_a_silent_partition_holds_nothing_back(streams: Any) -> None:
    codes = [code for n in range(40) if partition_of(code := f"d-{n}") in (0, 1)]
    sent = publisher().publish_many([(reading_subject(code), b"{}", "") for code in codes])
    seqs = {part: [seq for seq, code in zip(sent, codes, strict=True) if partition_of(code) == part] for part in (0, 1)}
    newest = [max(seqs[0]), max(seqs[1]), 0, 0]
    assert run_apart(_asked(newest)) == (len(codes), 0, len(codes))
    behind = [max(seqs[0]), min(seqs[1]), 0, 0]
    assert run_apart(_asked(behind)) == (min(seqs[1]), len(seqs[1]) - 1, len(codes))


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_full_stream_has_room_as_soon_as_somebody_began(drains: Any) -> None:
    heavy = [(reading_subject(f"d-{n}"), b"x" * 8_000, "") for n in range(500)]
    sent, said = 0, publisher().publish_many(heavy)
    while not all(isinstance(one, StreamFull) for one in said):
        sent += sum(isinstance(one, int) for one in said)
        said = publisher().publish_many(heavy)
    drains()
    until(lambda: taken() >= sent, what="for all to be taken")
    until(lambda: isinstance(publisher().publish_many(heavy[:1])[0], int), KEEP_HOUSE / 2, "for room")
