"""Where people on duty are: only for who oversees them, on duty, with a purpose, and the people looked at know of it."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client

from huying.casework.cases.factories import IN_GRID_1, Cast
from huying.kernel.clock import local_day
from huying.kernel.clock import now as clock_now
from huying.kernel.errors import Forbidden, Invalid, NotFound
from huying.kernel.privacy import AccessEntry
from huying.senses.field import actions, queries_positions
from huying.senses.field.models import DutySpell
from huying.senses.sync.factories import make_device

from .test_pages import Desk, desk, said

__all__ = ["desk"]
WHY = "暴雨红色预警，就近派人"


def walk(cast: Cast, minutes: int = 60) -> None:
    """The grid worker went on duty an hour ago and walked."""
    began = clock_now() - timedelta(minutes=minutes)
    actions.set_duty(on=True, op=uuid4(), actor=cast.tang_grid, now=began, at=began)
    points = [(began + timedelta(minutes=one), IN_GRID_1[0] + one * 1e-4, IN_GRID_1[1], 8.0) for one in (0, 10, 20, 30)]
    actions.take_positions(points, actor=cast.tang_grid, now=clock_now())


def layers(page: str) -> list[str]:
    return [one.replace("&amp;", "&") for one in re.findall(r'huying-layer src="([^"]+places[^"]*)"', page)]


def test_an_overseer_on_duty_sees_with_a_purpose_and_the_worker_reads_it(cast: Cast, desk: Desk) -> None:
    walk(cast)
    client = desk()
    assert "唐网格" not in said(client.get("/desk/field/people/")), "nothing before one is on duty oneself"
    assert client.post("/desk/field/people/", {"do": "on"}).status_code == 302
    page = said(client.get("/desk/field/people/"))
    assert "唐网格" in page and not layers(page)
    refused = client.post("/desk/field/people/", {"do": "look", "why": " "})
    assert refused.status_code == 422 and not layers(said(refused)) and not AccessEntry.objects.exists()

    page = said(client.post("/desk/field/people/", {"do": "look", "why": WHY}))
    (layer,) = layers(page)
    (feature,) = client.get(layer).json()["features"]
    assert feature["properties"]["name"].startswith("唐网格 ")
    assert feature["geometry"]["coordinates"] == pytest.approx([IN_GRID_1[0] + 30e-4, IN_GRID_1[1]])

    person = cast.tang_grid.person_id
    day = local_day(clock_now() - timedelta(minutes=45)).isoformat()  # of two of the four points, whenever midnight was
    address = f"/desk/field/people/{person}/"
    assert not layers(said(client.get(address)))
    page = said(client.post(address, {"day": day, "why": "核实误工"}))
    way, ends = layers(page)
    (line,) = client.get(way).json()["features"]
    assert len(line["geometry"]["coordinates"]) >= 2 and len(client.get(ends).json()["features"]) == 2

    other = desk("zhao_centre")
    other.post("/desk/field/people/", {"do": "on"})
    assert other.get(layer).status_code == 404, "a look is for whoever gave the purpose"
    assert client.get("/desk/field/people/places?look=made-up").status_code == 404
    client.post("/desk/field/people/", {"do": "off"})
    assert client.get(layer).status_code == 404, "and only while on duty"

    _device, token = make_device(cast.tang_grid, now=clock_now())
    told = desk("tang_grid").get("/api/v1/field/duty", headers={"X-Huying-Device": token}).json()
    assert [(one["by"], one["why"], one["what"]) for one in told["looks"]] == [
        ("钱督办", "核实误工", day),
        ("钱督办", WHY, "now"),
    ]


def test_strangers_and_days_that_are_gone(cast: Cast, desk: Desk) -> None:
    walk(cast)
    person = cast.tang_grid.person_id
    for name in ("ma_liuan", "tang_grid"):
        client = desk(name)
        assert client.get("/desk/field/people/").status_code == 404
        assert client.post(f"/desk/field/people/{person}/", {"why": WHY}).status_code == 404
    client = desk()
    assert client.post(f"/desk/field/people/{person}/", {"why": WHY}).status_code == 404, "off duty"
    client.post("/desk/field/people/", {"do": "on"})
    for day in ("2020-01-01", "2999-01-01", "nonsense"):
        assert client.post(f"/desk/field/people/{person}/", {"why": WHY, "day": day}).status_code == 422
    assert client.get(f"/desk/field/people/{cast.ma_liuan.person_id}/").status_code == 404
    assert not AccessEntry.objects.exists()
    with pytest.raises(Forbidden):
        actions.set_duty(on=True, op=uuid4(), actor=cast.ma_liuan, now=clock_now(), at=clock_now())


def test_a_look_at_several_is_written_for_each_or_for_none(cast: Cast) -> None:
    walk(cast)
    now = clock_now()
    DutySpell.objects.create(uid=uuid4(), person_id=cast.qian_supervisor.person_id, began_at=now)
    (row,) = queries_positions.serving(cast.qian_supervisor, now=now)
    stranger = queries_positions.worker_of(cast.qian_supervisor, cast.ma_liuan.person_id or 0, local_day(now))
    assert stranger is None and row.where
    with pytest.raises(Invalid):
        actions.look_at_positions([row.person], what="now", why="", actor=cast.qian_supervisor, now=now)
    with pytest.raises(NotFound):
        actions.look_at_positions([row.person], what="now", why=WHY, actor=cast.ma_liuan, now=now)
    assert not AccessEntry.objects.exists()


def test_signed_out(client: Client) -> None:
    assert client.get("/desk/field/people/").status_code == 302
