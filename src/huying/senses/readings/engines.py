"""The rules that apply to a device, as two engines: about what it says, and about its silence.

Silence is judged apart (``ticking.py``): only there is it known whether the stream itself was heard meanwhile, and whether
it is the gateway that is silent.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from huying.senses.alarms.engine import Engine
from huying.senses.alarms.rulebook import Rulebook, RuleSet, rulebook
from huying.senses.devices.directory import Known
from huying.senses.devices.kinds import kinds

if TYPE_CHECKING:
    from .memory import Seen

AGAIN: Final = 2.0  # seconds until it is asked whether rules were saved since


@dataclass(frozen=True, slots=True)
class Pair:
    """``talk``: every rule but those about silence; ``silent``: those. ``judges`` says whether there are any of the latter.

    ``patience``: ms of silence after which the device is looked at, None where its silence is judged on the other stream.
    ``book``: the saved rules these are of.
    """

    talk: Engine
    silent: Engine
    judges: bool
    patience: int | None
    book: Rulebook


class Engines:
    """Engines by rule set, so that devices under the same rules share theirs.

    On the ``urgent`` stream a device that is not of an urgent kind sends only what cannot wait (an SOS); the rest of its
    rules, which need to see everything it says, are judged on the other stream.
    """

    def __init__(self, *, urgent: bool) -> None:
        self.urgent = urgent
        self._book: Rulebook | None = None
        self._asked = 0.0
        self._pairs: dict[RuleSet, Pair] = {}

    def refresh(self) -> None:
        """Take up rules that were saved; between batches, asks the database at most every ``AGAIN`` seconds."""
        if self._book is None or time.monotonic() - self._asked >= AGAIN:
            book = rulebook()
            if book is not self._book:
                self._book, self._pairs = book, {}
            self._asked = time.monotonic()

    def of_seen(self, one: Seen) -> Pair:
        """:meth:`of` for a device in memory, which keeps them as long as no rule was saved."""
        pair = one.pair
        if pair is None or pair.book is not self._book:
            pair = one.pair = self.of(one.known)
        return pair

    def of(self, known: Known) -> Pair:
        if self._book is None:
            self.refresh()
        assert self._book is not None
        rules = self._book.of(known)
        found = self._pairs.get(rules)
        if found is None:
            found = self._pairs[rules] = self._made(rules, known, self._book)
        return found

    def _made(self, rules: RuleSet, known: Known, book: Rulebook) -> Pair:
        partly = self.urgent and not kinds()[known.kind].urgent
        silent = [rule for rule in rules.rules if rule.test.op == "no_data" and not rule.test.fields]
        talk = [rule for rule in rules.rules if rule not in silent and (rule.urgent or not partly)]
        kind = kinds()[known.kind]
        if partly:
            return Pair(Engine(talk, kind.fields), Engine([]), judges=False, patience=None, book=book)
        minutes = [float(step.threshold) for rule in silent if rule.active for step in rule.steps]
        patience = int(60_000 * min(minutes, default=kind.silence_minutes))
        patience = min(patience, kind.silence_minutes * 60_000)
        return Pair(Engine(talk, kind.fields), Engine(silent, kind.fields), bool(minutes), patience, book)
