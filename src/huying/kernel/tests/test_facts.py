from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from huying.kernel import facts
from huying.kernel.facts import Fact, collected, publish, subscribe, unsubscribe


@dataclass(frozen=True, slots=True, kw_only=True)
class Rained(Fact):
    millimetres: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flooded(Fact):
    street: str


@pytest.fixture(autouse=True)
def clean_subscriptions() -> Iterator[None]:
    before = list(facts._subscriptions)
    yield
    facts._subscriptions[:] = before
    facts._plan.clear()


@pytest.mark.django_db
def test_handlers_get_a_list_grouped_by_class_in_order_of_first_appearance() -> None:
    seen: list[tuple[str, list[Fact]]] = []

    @subscribe(Rained)
    def on_rain(rains: Sequence[Rained]) -> None:
        seen.append(("rain", list(rains)))

    @subscribe(Flooded)
    def on_flood(floods: Sequence[Flooded]) -> None:
        seen.append(("flood", list(floods)))

    first, second, flood = Rained(millimetres=1), Rained(millimetres=2), Flooded(street="东街")
    publish(first, flood, second)
    assert seen == [("rain", [first, second]), ("flood", [flood])]


@pytest.mark.django_db
def test_handlers_of_a_base_class_get_every_fact() -> None:
    seen: list[Fact] = []
    subscribe(Fact)(lambda group: seen.extend(group))
    publish(Rained(millimetres=1), Flooded(street="东街"))
    assert len(seen) == 2


@pytest.mark.django_db
def test_facts_of_handlers_wait_until_the_current_ones_are_delivered_and_come_together() -> None:
    log: list[str] = []

    def flood_on_rain(rains: Sequence[Rained]) -> None:
        publish(Flooded(street="一"))
        log.append("first done")

    def flood_again(rains: Sequence[Rained]) -> None:
        publish(Flooded(street="二"))
        log.append("second done")

    def on_flood(floods: Sequence[Flooded]) -> None:
        log.append("+".join(flood.street for flood in floods))

    subscribe(Flooded)(on_flood)
    subscribe(Rained)(flood_on_rain)
    subscribe(Rained)(flood_again)
    publish(Rained(millimetres=90))
    assert log == ["first done", "second done", "一+二"]


@pytest.mark.django_db
def test_endless_answers_are_stopped() -> None:
    @subscribe(Rained)
    def more_rain(rains: Sequence[Rained]) -> None:
        publish(Rained(millimetres=rains[0].millimetres + 1))

    with pytest.raises(RuntimeError, match="without end: Rained"):
        publish(Rained(millimetres=1))
    unsubscribe(more_rain)
    publish(Rained(millimetres=1))


@pytest.mark.django_db
def test_a_failing_handler_leaves_nothing_waiting() -> None:
    seen: list[Fact] = []

    @subscribe(Rained)
    def fail(rains: Sequence[Rained]) -> None:
        publish(Flooded(street="东街"))
        raise ValueError("no")

    subscribe(Flooded)(lambda floods: seen.extend(floods))
    with pytest.raises(ValueError, match="no"):
        publish(Rained(millimetres=1))
    unsubscribe(fail)
    publish(Rained(millimetres=1))
    assert seen == []


@pytest.mark.django_db(transaction=True)
def test_publishing_outside_a_transaction_is_refused_and_reaches_nobody() -> None:
    seen: list[Fact] = []
    subscribe(Rained)(lambda rains: seen.extend(rains))
    with pytest.raises(RuntimeError, match=r"transaction\.atomic"):
        publish(Rained(millimetres=1))
    assert seen == []


@pytest.mark.django_db
def test_collected_sees_everything_published_inside() -> None:
    with collected() as outer:
        publish(Rained(millimetres=1))
        with collected() as inner:
            publish(Flooded(street="东街"))
    publish(Rained(millimetres=3))
    assert [type(fact) for fact in outer] == [Rained, Flooded]
    assert [type(fact) for fact in inner] == [Flooded]


def test_lower_rooms_hear_first(settings: object) -> None:
    settings.HUYING_APPS = ["huying.kernel", "huying.casework.cases", "huying.senses.reports"]  # type: ignore[attr-defined]

    def above(group: Sequence[Rained]) -> None: ...
    def below(group: Sequence[Rained]) -> None: ...

    above.__module__ = "huying.senses.reports.handlers"
    below.__module__ = "huying.casework.cases.handlers"
    subscribe(Rained)(above)
    subscribe(Rained)(below)
    assert facts.handlers_of(Rained) == (below, above)
