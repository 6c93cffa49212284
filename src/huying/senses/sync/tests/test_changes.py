"""What changed since, on real tables and committed transactions: pages, scope, departures, restores, questions asked."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.db.models import Q
from django.test.utils import isolate_apps

from huying.casework.cases import factories
from huying.casework.cases.factories import GRID_1, GRID_2, NOW, Cast
from huying.kernel import clock
from huying.kernel.clock import local_day
from huying.kernel.replicas import Departure, Replicated, StampChanges, forget_departures, moment, settle
from huying.senses.sync import doors, pulling, queries, tasks
from huying.senses.sync.doors import Offer, Scope, Whole

pytestmark = pytest.mark.django_db(transaction=True)

with isolate_apps("huying.senses.sync"):

    class Shop(Replicated):
        """A kind of record of the tests' own."""

        name = models.CharField(max_length=40)
        open = models.BooleanField(default=True)
        version = models.IntegerField(default=1)

        class Meta:
            app_label = "sync"
            db_table = "test_shop"


@pytest.fixture
def shops(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(doors, "_offers", {})  # only the tests' own kinds
    stamps = StampChanges("test_shop", "shop")
    with connection.schema_editor() as editor:
        editor.create_model(Shop)
        editor.execute(stamps.sql)
    doors.offers("shop", order=5)(_shops)
    doors.offers("form", order=1)(lambda _scope: Whole("v1", lambda: [("fire", 3, {"title": "消防"})]))
    yield
    doors.forget("shop")
    doors.forget("form")
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE test_shop")


def _shops(scope: Scope) -> Offer:
    return Offer(Shop.objects.filter(scope.within()), lambda row: {"name": row.name}, keep=Q(open=True))


@pytest.fixture
def cast(shops: None) -> Cast:
    return factories.make_cast()


def add(area: str, *names: str, **more: Any) -> None:
    Shop.objects.bulk_create([Shop(uid=uuid.uuid4(), area=area, name=name, **more) for name in names])


class Phone:
    def __init__(self, cast: Cast) -> None:
        self.actor, self.cursor, self.pulls = cast.tang_grid, "", 0
        self.held: dict[tuple[str, str], str] = {}

    def page(self, size: int = 100) -> pulling.Page:
        self.pulls += 1
        found = queries.changes(self.actor, pull=self.pulls, cursor=self.cursor, size=size, today=local_day(NOW))
        if found.reset:
            self.held.clear()
        for kind, uid in found.gone:
            self.held = {key: one for key, one in self.held.items() if key[0] != kind or uid not in ("*", key[1])}
        self.held |= {(one.kind, one.uid): str(one.body.get("name", one.uid)) for one in found.records}
        self.cursor = pulling.encode(found.cursor)
        return found

    @property
    def names(self) -> list[str]:
        return sorted(self.held.values())


def test_a_phone_holds_its_own_area_and_follows_it(cast: Cast) -> None:
    phone = Phone(cast)
    add(GRID_1, "一", "二", "三")
    add(GRID_2, "别处")
    add(GRID_1, "关了", open=False)
    first = phone.page()
    assert (first.more, first.reset, first.cursor.held) == (False, False, 3)
    assert phone.names == ["fire", "一", "三", "二"]
    assert [one.version for one in first.records if one.kind == "form"] == [3]
    assert phone.page().records == []

    Shop.objects.filter(name="一").update(open=False)
    Shop.objects.filter(name="二").update(area=GRID_2)
    Shop.objects.filter(name="三").delete()
    Shop.objects.filter(name="别处").update(area=GRID_1, version=2)
    assert len(phone.page().gone) == 3
    assert phone.names == ["fire", "别处"]
    Shop.objects.filter(name="一").update(open=True)
    phone.page()
    assert phone.names == ["fire", "一", "别处"]


def test_a_set_is_sent_whole_when_its_mark_changes(cast: Cast) -> None:
    phone = Phone(cast)
    phone.page()
    doors.offers("form", order=1)(lambda _scope: Whole("v2", lambda: [("water", 1, {})]))
    found = phone.page()
    assert found.gone == [("form", "*")]
    assert phone.names == ["water"]
    doors.forget("form")
    phone.page()
    assert phone.names == []


def test_what_is_not_committed_is_not_passed_over(cast: Cast) -> None:
    phone = Phone(cast)
    phone.page()
    add(GRID_1, "先")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE test_shop SET name = '晚' WHERE name = '先'")
            add(GRID_1, "快")
            assert [one.body["name"] for one in phone.page().records] == ["先"]
            cursor.execute("COMMIT")
    finally:
        other.close()
    phone.page()
    assert phone.names == ["fire", "快", "晚"]


def test_another_scope_or_database_starts_anew(cast: Cast) -> None:
    phone = Phone(cast)
    add(GRID_1, "一")
    phone.page()
    phone.actor = cast.ma_liuan
    assert phone.page().reset
    assert phone.names == ["fire"]
    phone.actor, phone.cursor = cast.tang_grid, "damaged"
    assert phone.page().reset


def test_after_a_restore_elsewhere_all_is_stamped_anew(cast: Cast) -> None:
    phone = Phone(cast)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE test_shop DISABLE TRIGGER ALL")
        add(GRID_1, "来自将来", changed=2**50)
        cursor.execute("ALTER TABLE test_shop ENABLE TRIGGER ALL")
        cursor.execute("DELETE FROM kernel_replicahome")
        cursor.execute("INSERT INTO kernel_replicahome (id, cluster) VALUES (1, 42)")
    with pytest.raises(queries.NotReady):
        phone.page()
    assert settle() >= 1
    assert settle() == 0
    assert moment().settled
    phone.page()
    assert phone.names == ["fire", "来自将来"]


def test_departures_are_forgotten_and_who_was_away_longer_misses_nothing(cast: Cast, settings: Any) -> None:
    add(GRID_1, "一", "二", "三", "四")
    often, away = Phone(cast), Phone(cast)
    for phone in (often, away):
        phone.page()
    Shop.objects.filter(name__in="一二").delete()
    often.page()
    Departure.objects.update(at=clock.now() - timedelta(days=settings.HUYING_DEPARTURE_DAYS, minutes=1))
    Shop.objects.filter(name="三").update(area=GRID_2)
    moment_of = clock.now()
    kept = {"before": moment_of - timedelta(days=settings.HUYING_DEPARTURE_DAYS)}
    assert forget_departures(now=moment_of, **kept) == 0, "what is marked now is deleted by the next run"
    assert forget_departures(now=moment_of + timedelta(minutes=59), **kept) == 0
    assert Departure.objects.count() == 3
    assert forget_departures(now=moment_of + timedelta(days=1), **kept) == 2
    assert forget_departures(now=moment_of + timedelta(days=2), **kept) == 0
    assert Departure.objects.count() == 1, "the one of yesterday stays"
    assert not often.page().reset and often.names == ["fire", "四"]
    assert away.page().reset and away.names == ["fire", "四"]
    assert not away.page().reset
    fresh = Phone(cast)
    assert not fresh.page().reset and fresh.names == ["fire", "四"]


def test_the_nightly_job_forgets_and_a_mark_of_another_cluster_means_nothing(cast: Cast) -> None:
    add(GRID_1, "一")
    Shop.objects.filter(name="一").delete()
    Departure.objects.update(at=clock.now() - timedelta(days=4000))
    tasks.clear(timestamp=0)
    assert moment().forgotten == Departure.objects.get().changed
    with connection.cursor() as cursor:
        cursor.execute("UPDATE kernel_replicahome SET cluster = 42")
    assert forget_departures(before=clock.now(), now=clock.now() + timedelta(days=9)) == 0
    settle()
    assert moment().forgotten == 0 and not Departure.objects.exists()


def test_a_departure_of_a_transaction_still_running_is_not_passed_over(cast: Cast) -> None:
    add(GRID_1, "一", "二")
    phone = Phone(cast)
    phone.page()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("DELETE FROM test_shop WHERE name = '一'")
            Shop.objects.filter(name="二").delete()
            forget_departures(before=clock.now() + timedelta(days=1), now=clock.now())
            assert moment().forgotten == 0, "younger than a transaction that runs"
            cursor.execute("COMMIT")
    finally:
        other.close()
    assert not phone.page().reset and phone.names == ["fire"]


def test_how_many_questions_a_page_asks(cast: Cast, django_assert_num_queries: Any) -> None:
    phone = Phone(cast)
    with transaction.atomic():
        add(GRID_1, *(f"店{number}" for number in range(250)))
    with django_assert_num_queries(5):  # horizon, posts, departures, count, page
        assert phone.page().more
    with django_assert_num_queries(5):  # the same without a count, and which kinds moved
        assert phone.page().more
    with django_assert_num_queries(5):
        assert not phone.page().more
    with django_assert_num_queries(4):
        assert not phone.page().records
    Shop.objects.filter(name__startswith="店1").delete()
    with django_assert_num_queries(5):  # and who of the departed is still here
        assert len(phone.page(size=200).gone) == 111
    assert len(phone.held) == 1 + 250 - 111
