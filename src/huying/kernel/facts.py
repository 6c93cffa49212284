"""Facts: how a room speaks upwards without knowing who listens.

An action publishes facts inside its own transaction; every handler runs at once, in the same transaction, so
either all of it happened or none. Handlers receive a list, because a fact about a thousand cases must cost one
query and not a thousand. Work that may be late or repeated (sending, calling out) belongs into a background job
that the handler enqueues.

Order is fixed: facts are grouped by class in order of first appearance; within a class, the handlers of lower rooms
run first (HUYING_APPS), then in order of definition. Facts that handlers publish are delivered after the current ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import transaction

MAX_GENERATIONS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that has happened. Subclasses are frozen dataclasses named in the past tense."""


F = TypeVar("F", bound=Fact)
Handler = Callable[[Sequence[F]], None]


@dataclass(slots=True)
class _Subscription:
    fact_class: type[Fact]
    handler: Handler[Any]
    number: int

    @property
    def order(self) -> tuple[int, int]:
        return _floor(self.handler.__module__), self.number


@dataclass(slots=True)
class _Delivery:
    """The facts waiting for the next generation while the current one is being delivered."""

    waiting: list[Fact]


_subscriptions: list[_Subscription] = []
_plan: dict[type[Fact], tuple[Handler[Any], ...]] = {}
_delivery: ContextVar[_Delivery | None] = ContextVar("huying_facts_delivery", default=None)
_collectors: ContextVar[tuple[list[Fact], ...]] = ContextVar("huying_facts_collectors", default=())


def subscribe(fact_class: type[F]) -> Callable[[Handler[F]], Handler[F]]:
    """Register a handler for a class of facts and its subclasses.

    Put handlers into the package's ``handlers.py``; those modules are found and imported when Django starts.
    """

    def register(handler: Handler[F]) -> Handler[F]:
        _subscriptions.append(_Subscription(fact_class, handler, len(_subscriptions)))
        _plan.clear()
        return handler

    return register


def unsubscribe(handler: Handler[Any]) -> None:
    """Forget a handler (for tests and for a shell)."""
    _subscriptions[:] = [one for one in _subscriptions if one.handler is not handler]
    _plan.clear()


def publish(*facts: Fact) -> None:
    """Deliver facts to their handlers, now and inside the caller's transaction.

    Called from a handler, the facts wait until the current ones are delivered to everybody. Raises RuntimeError
    outside a transaction, and when handlers keep answering facts with facts.
    """
    if not facts:
        return
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Facts are published inside a transaction; wrap the action in transaction.atomic().")
    for collector in _collectors.get():
        collector.extend(facts)
    running = _delivery.get()
    if running is not None:
        running.waiting.extend(facts)
        return
    delivery = _Delivery(waiting=list(facts))
    token = _delivery.set(delivery)
    try:
        _deliver_all(delivery)
    finally:
        _delivery.reset(token)


@contextmanager
def collected() -> Iterator[list[Fact]]:
    """Collect what is published inside the block, for tests and dry runs; delivery goes on as usual."""
    seen: list[Fact] = []
    token = _collectors.set((*_collectors.get(), seen))
    try:
        yield seen
    finally:
        _collectors.reset(token)


def handlers_of(fact_class: type[Fact]) -> tuple[Handler[Any], ...]:
    """The handlers that a fact of this class reaches, in the order they run."""
    if fact_class not in _plan:
        matching = [one for one in _subscriptions if issubclass(fact_class, one.fact_class)]
        _plan[fact_class] = tuple(one.handler for one in sorted(matching, key=lambda one: one.order))
    return _plan[fact_class]


def _deliver_all(delivery: _Delivery) -> None:
    for _generation in range(MAX_GENERATIONS):
        if not delivery.waiting:
            return
        current, delivery.waiting = delivery.waiting, []
        for fact_class, group in _grouped(current).items():
            for handler in handlers_of(fact_class):
                handler(group)
    if delivery.waiting:
        names = ", ".join(sorted({type(fact).__name__ for fact in delivery.waiting}))
        raise RuntimeError(f"Facts answer facts without end: {names} after {MAX_GENERATIONS} generations.")


def _grouped(facts: Sequence[Fact]) -> dict[type[Fact], list[Fact]]:
    groups: dict[type[Fact], list[Fact]] = {}
    for fact in facts:
        groups.setdefault(type(fact), []).append(fact)
    return groups


def _floor(module: str) -> int:
    """How high the module's room stands in HUYING_APPS; modules outside any room come last."""
    rooms: Sequence[str] = getattr(settings, "HUYING_APPS", ())
    for index, name in enumerate(rooms):
        if module == name or module.startswith(f"{name}."):
            return index
    return len(rooms)
