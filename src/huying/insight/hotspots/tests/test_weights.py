"""How heat is weighed is the place's own: who may set it, what is refused, what is written down, and that boards follow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases.factories import NOW, Cast
from huying.kernel.actor import Actor, Duty
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused
from huying.kernel.trace import Entry

from .. import queries, weighing
from ..heat import USUAL, Weights, wrong_in
from ..models import HeatWeights
from .conftest import Desk
from .test_board import keyed

PAGE = "/desk/hotspots/weights"


def typed(**more: Any) -> dict[str, Any]:
    return {
        "messages": "10", "likes": "3", "growth": "8", "recency": "5", "span": "1", "official": "1", "half_life_days": "30",
        "recent_days": "14", "source": "2026年第3次例会", **more,
    }  # fmt: skip


def test_the_usual_holds_until_something_is_set(cast: Cast) -> None:
    assert queries.weights() == USUAL
    weighing.set_weights({"growth": 8}, source="例会", actor=cast.zhao_centre, now=NOW)
    assert queries.weights() == Weights(growth=8)
    entry = Entry.objects.get(chain=weighing.CHAIN)
    assert (entry.verb, entry.actor_ref, json.loads(entry.body)["growth"]) == ("set_weights", cast.zhao_centre.ref, 8)


def test_the_page_sets_and_lists(cast: Cast, desk: Desk) -> None:
    client = desk("zhao_centre")
    assert client.post(PAGE, typed()).status_code == 302
    client.post(PAGE, typed(growth="0"))
    assert queries.weights() == Weights(growth=0)
    page = client.get(PAGE).content.decode()
    assert page.count("2026年第3次例会") == 2 and HeatWeights.objects.count() == 2
    assert client.get("/desk/hotspots").status_code == 200


BAD = [
    {"messages": "-1"}, {"likes": "101"}, {"growth": "viel"}, {"growth": "nan"}, {"span": "inf"}, {"recency": ""},
    {"half_life_days": "0"}, {"recent_days": "9999"}, {"source": " "}, {"source": "x" * 201},
    {"official": "-1"}, dict.fromkeys(("messages", "likes", "growth", "recency", "span", "official"), "0"),
]  # fmt: skip


@pytest.mark.parametrize("wrong", BAD)
def test_wrong_weights_are_refused_and_what_was_typed_stays(cast: Cast, desk: Desk, wrong: dict[str, str]) -> None:
    answer = desk("zhao_centre").post(PAGE, typed(**wrong))
    assert answer.status_code == 422
    assert "source" in wrong or "2026年第3次例会" in answer.content.decode()
    assert not HeatWeights.objects.exists() and not Entry.objects.filter(chain=weighing.CHAIN).exists()


def test_the_same_again_is_refused(cast: Cast) -> None:
    with pytest.raises(Refused):
        weighing.set_weights({}, source="例会", actor=cast.zhao_centre, now=NOW)
    assert not HeatWeights.objects.exists()


def test_who_may_read_and_who_may_set(cast: Cast, desk: Desk) -> None:
    reader = desk("li_dispatcher")
    assert reader.get(PAGE).status_code == 200 and '<form class="form"' not in reader.get(PAGE).content.decode()
    assert reader.post(PAGE, typed()).status_code == 403
    assert desk("he_sanitation").get(PAGE).status_code == 404
    assert desk("he_sanitation").post(PAGE, typed()).status_code == 404
    part = Actor("staff", "person:9", "社区", duties=(Duty("centre_lead", "990101001001"),))
    for other, refusal in ((cast.qian_supervisor, Forbidden), (part, Forbidden), (cast.tang_grid, NotFound)):
        with pytest.raises(refusal):
            weighing.set_weights({"span": 2}, source="例会", actor=other, now=NOW)
    assert not HeatWeights.objects.exists()


def test_wrong_input_names_its_field(cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        weighing.set_weights({"span": -2, "half_life_days": 0}, source="", actor=cast.zhao_centre, now=NOW)
    assert set(refused.value.fields) == {"span", "half_life_days", "source"}


def test_nothing_counting_at_all_is_wrong() -> None:
    assert wrong_in({"messages": 0, "likes": 0, "half_life_days": 3}) == ["messages"]
    assert wrong_in({"messages": 1, "recent_days": 1}) == []


def test_the_interface_tells_and_sets(cast: Cast, desk: Desk) -> None:
    key = keyed(["reports:read"])
    assert key.get("/api/v1/hotspots/weights").json()["growth"] == 5
    body = {name: float(value) for name, value in typed().items() if name != "source"} | {"source": "例会"}
    assert put(key, body).status_code == 403
    assert put(desk("zhao_centre"), body).json()["growth"] == 8
    assert put(desk("zhao_centre"), body | {"growth": -1}).status_code == 422
    assert put(desk("li_dispatcher"), body | {"growth": 9}).status_code == 403
    assert queries.weights().growth == 8
    older = {name: value for name, value in body.items() if name != "official"} | {"growth": 6}
    told = put(desk("zhao_centre"), older).json()
    assert (told["growth"], told["official"]) == (6, USUAL.official)


def put(client: Client, body: dict[str, Any]) -> Any:
    return client.put("/api/v1/hotspots/weights", json.dumps(body), content_type="application/json")
