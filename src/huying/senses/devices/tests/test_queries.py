"""Lists, maps and the worker's directory: what they hold, and what they cost."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from huying.casework.cases import placing
from huying.casework.cases.factories import GRID_1, GRID_2, GRID_3, LIUAN, NOW, Cast, make_cast
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound
from huying.senses.devices import actions, directory, queries
from huying.senses.devices.directory import Directory
from huying.senses.devices.factories import draft, make_device, make_devices, make_keeper
from huying.senses.devices.models import Command, Device, LastValue
from huying.senses.devices.queries import Filters, Spot


def say(device: Device, *, online: bool = True, **values: Any) -> None:
    LastValue.objects.create(
        device=device, at=NOW, received_at=NOW, values=values, online=online, silent_since=None if online else NOW
    )


def codes(actor: Actor, **filters: Any) -> list[str]:
    return [one.code for one in queries.device_page(actor, Filters(**filters)).rows]


@pytest.fixture
def street(luo: Actor) -> Actor:
    """Six devices: who looks at them is 罗设备."""
    make_device(luo, "gw-1", "gateway", area=GRID_1)
    say(make_device(luo, "b-1", area=GRID_1, name="3栋配电箱", address="望湖路1号", serial="SN-778"), leak=12.0)
    say(make_device(luo, "s-1", "smoke", area=GRID_2, gateway="gw-1"), online=False)
    make_device(luo, "s-2", "smoke", area=GRID_3, gateway="gw-1")
    paused = make_device(luo, "w-1", "water_level", area=GRID_3)
    actions.pause_device(paused.pk, actor=luo, now=NOW, why="清淤")
    retired = make_device(luo, "old-1", area=GRID_1)
    actions.retire_device(retired.pk, actor=luo, now=NOW, why="拆除")
    return luo


def test_casework_is_told_where_devices_stand(street: Actor, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        assert placing.areas_of(["device:b-1", "device:s-1", "device:unknown"]) == {GRID_1, GRID_2}
    assert placing.areas_of(["device:unknown"]) == set()


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["b-1", "gw-1", "s-1", "s-2", "w-1"]),
        ({"kind": "smoke"}, ["s-1", "s-2"]),
        ({"area": LIUAN}, ["b-1", "gw-1", "s-1"]),
        ({"state": "paused"}, ["w-1"]),
        ({"state": "retired"}, ["old-1"]),
        ({"online": "online"}, ["b-1"]),
        ({"online": "offline"}, ["s-1"]),
        ({"online": "never"}, ["gw-1", "s-2", "w-1"]),
        ({"gateway": "gw-1"}, ["s-1", "s-2"]),
        ({"words": "配电"}, ["b-1"]),
        ({"words": "sn-77 望湖"}, ["b-1"]),
        ({"words": "100%"}, []),
    ],
)
def test_lists_are_narrowed(street: Actor, filters: dict[str, str], found: list[str]) -> None:
    assert codes(street, **filters) == found


def test_a_list_shows_only_ones_own_area(street: Actor, cast: Cast) -> None:
    assert codes(cast.tang_grid) == ["b-1", "gw-1"]
    assert codes(cast.he_sanitation) == []
    assert [row.kind for row in queries.tally(cast.tang_grid, Filters())] == ["gateway", "smart_breaker"]


def test_unknown_filters_speak(street: Actor) -> None:
    with pytest.raises(Invalid):
        codes(street, online="perhaps")
    with pytest.raises(Invalid):
        queries.device_page(street, Filters(), size=0)


def test_pages_go_on_where_they_stopped(luo: Actor) -> None:
    made = sorted(one.code for one in make_devices(luo, 7))
    first = queries.device_page(luo, Filters(), size=3)
    second = queries.device_page(luo, Filters(), cursor=first.next, size=3)
    third = queries.device_page(luo, Filters(), cursor=second.next, size=3)
    assert [one.code for page in (first, second, third) for one in page.rows] == made and third.next is None


def test_what_lists_cost(street: Actor, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        for one in queries.device_page(street, Filters()).rows:
            assert (one.gateway is None or one.gateway.code) and (
                not hasattr(one, "last") or one.last.values is not None
            )
    with django_assert_num_queries(1):
        queries.tally(street, Filters())
    with django_assert_num_queries(2):
        queries.whole(street, "b-1")
    with django_assert_num_queries(1):
        queries.spots(street, Filters(), (119.0, 29.0, 121.0, 31.0))


def test_numbers_by_kind(street: Actor) -> None:
    assert [tuple(row) for row in queries.tally(street, Filters())] == [
        ("gateway", 1, 0, 0, 1),
        ("smart_breaker", 1, 1, 0, 0),
        ("smoke", 2, 0, 1, 1),
        ("water_level", 1, 0, 0, 1),
    ]


def test_a_stranger_finds_no_device(street: Actor, cast: Cast) -> None:
    with pytest.raises(NotFound):
        queries.whole(cast.tang_grid, "s-2")


# --- the map ----------------------------------------------------------------------------------------------------------


def test_few_devices_are_shown_one_by_one(luo: Actor) -> None:
    say(make_device(luo, "b-1", name="一号", lon=120.005, lat=30.005), online=False)
    make_device(luo, "b-2", lon=120.5, lat=30.5)
    make_device(luo, "b-3")
    assert queries.spots(luo, Filters(), (120.0, 30.0, 120.1, 30.1)) == [
        Spot(120.005, 30.005, 1, 1, "b-1", "一号", "smart_breaker")
    ]


def test_many_become_clusters_and_none_is_lost(luo: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "MOST_SPOTS", 20)
    spots = [(120.0005 + number % 5 * 0.02, 30.0005 + number // 5 * 0.0001) for number in range(50)]
    actions.register_devices([draft(lon=lon, lat=lat) for lon, lat in spots], actor=luo, now=NOW)
    found = queries.spots(luo, Filters(), (120.0, 30.0, 120.1, 30.1))
    assert sum(one.count for one in found) == 50 and len(found) == 5
    assert all(one.code == "" for one in found)
    with pytest.raises(Invalid):
        queries.spots(luo, Filters(), (1.0, 1.0, 0.0, 2.0))


# --- commands ---------------------------------------------------------------------------------------------------------


def test_what_waits_is_listed_for_those_who_command(street: Actor, cast: Cast, django_assert_num_queries: Any) -> None:
    device = Device.objects.get(code="b-1")
    command = actions.ask_command(device.pk, actor=street, now=NOW, code="open", reason="漏电")
    with django_assert_num_queries(1):
        (one,) = queries.open_commands(street)
        assert (one, one.device.code) == (command, "b-1")
    assert queries.open_commands(cast.tang_grid) == []
    assert queries.command_page(device).rows == [command]
    assert list(queries.expiring_commands(NOW + timedelta(seconds=1))) == [command.pk]
    Command.objects.update(state="refused")
    assert queries.open_commands(street) == []


# --- the directory ----------------------------------------------------------------------------------------------------


def test_the_directory_knows_what_is_registered(street: Actor) -> None:
    known = queries.directory(["b-1", "s-1", "w-1", "old-1", "nobody"])
    assert set(known) == {"b-1", "s-1", "w-1", "old-1"}
    gateway = Device.objects.get(code="gw-1")
    assert known["s-1"].gateway_pk == gateway.pk and known["s-1"].area == GRID_2 and known["s-1"].counts
    assert not known["w-1"].counts and not known["old-1"].counts


class CommittedDirectory(TransactionTestCase):
    """What is remembered is never older than what was committed."""

    def setUp(self) -> None:
        directory.forget()
        self.luo = make_keeper(make_cast())
        self.devices = make_devices(self.luo, 5)
        self.codes = [one.code for one in self.devices]
        self.directory = Directory()
        self.directory.ask(self.codes)

    def test_what_is_known_costs_one_query(self) -> None:
        self.directory.ask(self.codes)
        with self.assertNumQueries(1):
            assert set(self.directory.ask(self.codes)) == set(self.codes)
        with self.assertNumQueries(2):
            assert self.directory.ask(["nobody"]) == {}

    def test_a_change_is_seen_by_the_next_look(self) -> None:
        first = self.devices[0]
        actions.pause_device(first.pk, actor=self.luo, now=NOW, why="检修")
        assert not self.directory.ask(self.codes)[first.code].counts
        actions.resume_device(first.pk, actor=self.luo, now=NOW)
        assert self.directory.ask(self.codes)[first.code].counts

    def test_a_change_that_commits_late_is_not_missed(self) -> None:
        """Another transaction began before a look and commits after it."""
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("BEGIN")
                cursor.execute("UPDATE devices_device SET state = 'paused' WHERE code = %s", [self.codes[0]])
                assert self.directory.ask(self.codes)[self.codes[0]].counts
                make_device(self.luo, "later-1")
                assert self.directory.ask([*self.codes, "later-1"])[self.codes[0]].counts
                cursor.execute("COMMIT")
        finally:
            other.close()
        assert not self.directory.ask(self.codes)[self.codes[0]].counts

    def test_what_is_rolled_back_was_never_so(self) -> None:
        class Back(Exception):
            pass

        with pytest.raises(Back), transaction.atomic():
            actions.pause_device(self.devices[1].pk, actor=self.luo, now=NOW, why="检修")
            assert not self.directory.ask(self.codes)[self.codes[1]].counts
            raise Back
        assert self.directory.ask(self.codes)[self.codes[1]].counts

    def test_very_many_changes_make_it_begin_anew(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(directory, "MOST_CHANGES", 0)
            patch.setattr(directory, "_CHANGES", directory._CHANGES.replace("LIMIT 5001", "LIMIT 1"))
            actions.pause_device(self.devices[2].pk, actor=self.luo, now=NOW, why="检修")
            assert not self.directory.ask(self.codes)[self.codes[2]].counts
            assert self.directory.ask(self.codes)[self.codes[0]].counts
