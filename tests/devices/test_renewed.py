"""A stream that is made anew (an empty disk, a stream deleted by hand) is taken from its first message on."""

from typing import Any

import pytest

from huying.kernel.stream import READINGS, connect, ensure_streams
from huying.kernel.stream.tests.apart import run_apart
from huying.senses.readings.models import Cursor

from .conftest import Fleet, taken, until

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


async def _made_anew() -> None:
    connection = await connect(name="test")
    await connection.jsm().delete_stream(READINGS)
    await ensure_streams(connection)
    await connection.close()


@pytest.mark.parametrize("running", [True, False], ids=["while the drain runs", "while it does not"])
def test_every_message_of_the_new_stream_is_taken(keeper: Any, drains: Any, running: bool) -> None:
    fleet = Fleet(keeper, 20)
    drain = drains()
    fleet.publish(fleet.turn(400))
    until(lambda: taken() >= 400, what="for the first stream")
    if not running:
        drain.kill()
    run_apart(_made_anew())
    fleet.publish(fleet.turn(200))
    if not running:
        drain.start()
    until(lambda: taken() >= 600, what="for the second stream")
    fleet.check()
    assert max(Cursor.objects.filter(stream=READINGS).values_list("seq", flat=True)) <= 200
    assert drain.stop() < 10
