"""What time alone brings about: durations that mature, devices that have been silent too long.

Who must be looked at stands in ``Due``, found by one indexed query. Time is that of the stream: while messages wait, it is
the moment of the last one taken, so that nobody counts as silent whose words are still in the queue; nor does anybody
because we were not listening (``listening``: since when the stream is heard without a break).

A device behind a gateway is silent by itself only while its gateway is heard. Is the gateway silent as well, then that is
the one alarm, and the device is looked at again later.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection, transaction

from huying.senses.alarms.actions import Happened, apply_events
from huying.senses.devices.directory import Known
from huying.senses.devices.kinds import kinds

from . import actions
from .memory import Seen
from .recording import Recorder

AT_ONCE: Final = 1_000
_MINUTE: Final = 60_000
_DUE: Final = "SELECT device_id FROM readings_due WHERE partition = %s AND at <= %s ORDER BY at LIMIT %s"
_DEVICES: Final = "SELECT id, code, kind, area, gateway_id, state FROM devices_device WHERE id = ANY(%s)"
_HEARD: Final = """
SELECT l.device_id, d.kind, (extract(epoch FROM l.received_at) * 1000)::bigint
  FROM devices_lastvalue l JOIN devices_device d ON d.id = l.device_id WHERE l.device_id = ANY(%s)
"""


class Look:
    """One look at the devices that are due at ``now``, the stream's time."""

    def __init__(self, recorder: Recorder, partition: int, *, now: datetime, listening: datetime) -> None:
        self.recorder, self.partition = recorder, partition
        self.home = actions.URGENT_PARTITION if recorder.urgent else partition
        self.now, self.moment = now, int(now.timestamp() * 1000)
        self.listening = int(listening.timestamp() * 1000)
        self.looked: dict[int, tuple[bool, dict[str, Any]]] = {}
        self.due: list[tuple[int, int, int]] = []
        self.done: list[int] = []
        self.happened: list[Happened] = []

    def take(self) -> int:
        """Look at the devices that are due, at most ``AT_ONCE``; how many there were. One transaction."""
        with transaction.atomic():
            actions.hold_cursor(self.recorder.cursors[self.partition])
            wanted = self._wanted()
            if wanted:
                self._look(wanted)
            self.recorder.announce()
        return len(wanted)

    def _wanted(self) -> dict[int, Known]:
        ask = connection.connection
        pks = [pk for (pk,) in ask.execute(_DUE, (self.home, self.now, AT_ONCE))]
        if not pks:
            return {}
        known = {row[0]: Known(*row) for row in ask.execute(_DEVICES, (pks,))}
        return {pk: known[pk] for pk in pks}

    def _look(self, wanted: dict[int, Known]) -> None:
        memory, raw = self.recorder.memory, connection.connection
        seen = memory.of(raw, wanted, anew=True)
        gateways = [known.gateway_pk for known in wanted.values() if known.gateway_pk is not None]
        heard = {pk: (kind, at) for pk, kind, at in raw.execute(_HEARD, (gateways,))} if gateways else {}
        for pk, one in seen.items():
            if not one.known.counts or not one.received:
                self.done.append(pk)
                continue
            self._look_at(one, heard.get(one.known.gateway_pk or 0))
        actions.write_looked(self.looked)
        actions.write_due(self.due)
        actions.drop_due(self.done, [self.home])
        if self.happened:
            apply_events(self.happened, now=self.now)
        memory.forget(wanted)  # what was looked at is read anew; should this not commit, nothing wrong is remembered

    def _look_at(self, one: Seen, gateway: tuple[str, int] | None) -> None:
        engine = self.recorder.engines.of_seen(one)
        if one.rules:
            one.rules, events = engine.talk.tick_ms(one.rules, self.moment, self.listening)
            self.happened.extend(Happened(one.known, event) for event in events)
        later = self._silence(one, gateway)
        pk = one.known.pk
        self.looked[pk] = (not one.online, self.recorder.memory.state_of(one))
        moments = [at for at in (later, engine.talk.due_ms(one.rules)) if at is not None]
        if moments:
            # Never at once again: a rule that is due now and changes nothing must not turn in circles.
            self.due.append((pk, self.home, max(min(moments), self.moment + 1000)))
        else:
            self.done.append(pk)

    def _silence(self, one: Seen, gateway: tuple[str, int] | None) -> int | None:
        """Whether the device has been silent too long, what its rules say to that, and when to ask again (ms)."""
        patience = self.recorder.engines.of_seen(one).patience
        if patience is None:
            return None
        heard = max(one.received, self.listening)
        if self.moment < heard + patience:
            self._spoke_elsewhere(one)
            return heard + patience
        offline = heard + kinds()[one.known.kind].silence_minutes * _MINUTE
        if gateway is not None:
            quiet = kinds()[gateway[0]].silence_minutes * _MINUTE
            last = max(gateway[1], self.listening)
            if self.moment - last >= quiet:
                one.online = one.online and self.moment < offline
                return self.moment + quiet
            if self.moment - last >= quiet // 2:
                return last + quiet  # it is not sure yet which of the two it is
        one.online = one.online and self.moment < offline
        return self._judge(one, heard, offline if one.online else self.moment + patience)

    def _judge(self, one: Seen, heard: int, again: int) -> int | None:
        """What the rules about silence say. It is looked at again and again: it may speak on the stream that is not ours."""
        engine = self.recorder.engines.of_seen(one)
        if not engine.judges:
            return again if one.online else None
        state = one.silence
        if state is None:
            state, _nothing = engine.silent.step_ms(None, heard, heard, {})
        state, events = engine.silent.tick_ms(state, self.moment, self.listening)
        self.happened.extend(Happened(one.known, event) for event in events)
        if one.silence is not None or any(event.what == "raise" for event in events):
            one.silence, one.judged = state, True
        ripe = engine.silent.due_ms(state)
        return again if ripe is None else min(again, ripe)

    def _spoke_elsewhere(self, one: Seen) -> None:
        """It was silent, and is heard on the other stream: that ends its silence too."""
        engine = self.recorder.engines.of_seen(one)
        if one.silence is None or not engine.judges or one.received < self.listening:
            return
        one.silence, events = engine.silent.step_ms(one.silence, one.received, self.moment, {})
        self.happened.extend(Happened(one.known, event) for event in events)
        if any(event.what == "clear" for event in events):
            one.silence = None
        one.judged = True


def tick(recorder: Recorder, partitions: Sequence[int], *, now: datetime, listening: datetime) -> int:
    """Look at whoever is due in these partitions; how many devices that were."""
    recorder.engines.refresh()
    return sum(Look(recorder, number, now=now, listening=listening).take() for number in partitions)
