"""A worker's own record on the phone: filled forms and how they stand, verdicts about their work, and nobody else's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases.factories import LIUAN, NOW, Cast, account_of
from huying.casework.cases.models import Case
from huying.ground.registry.models import Premises
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict
from huying.kernel.trace.models import Entry
from huying.senses.field import actions, queries_own
from huying.senses.field.models import CheckIn, Dispute
from huying.senses.forms.access import visible as may_see_forms
from huying.senses.forms.models import Submission
from huying.senses.sync.doors import Scope, offered
from huying.senses.sync.factories import make_device

from .test_correcting import CLEAR, at_noon, correct, failing, fill, shop
from .test_disputing import in_dispute
from .test_offers import bodies, scope
from .test_phone import send
from .test_scope import lead_of
from .test_verdicts import judge, patrol

__all__ = ["at_noon", "shop"]


def held(cast: Cast, made: Submission) -> dict[str, Any]:
    body: dict[str, Any] = bodies("filled", scope(cast))[str(made.uid)]
    return body


def nobodys(cast: Cast) -> Scope:
    own = scope(cast)
    return Scope(cast.ma_liuan.person_id or 0, own.areas, own.roles, own.most, own.today)


def test_a_filled_form_tells_how_it_stands(cast: Cast, shop: Premises, django_assert_num_queries: Any) -> None:
    made = failing(cast, shop)
    body = held(cast, made)
    case = Case.objects.get()
    assert (body["form"], body["version"], body["corrections"], body["last"]) == ("small", "1", 0, None)
    assert body["subject"] == {"kind": "premises", "uid": str(shop.uid)}
    assert datetime.fromisoformat(body["until"]) == made.received_at + timedelta(hours=72)
    (finding,) = body["findings"]
    assert (finding["state"]["zh"], finding["number"]) == ("事件办理中", case.number)
    mark = offered(scope(cast))["filled"].mark  # type: ignore[union-attr]
    correct(made, cast.qian_supervisor, CLEAR, reason="复核过，电话 13812345678")
    body = held(cast, made)
    assert (body["corrections"], body["last"]["mine"], body["last"]["by"]) == (1, False, cast.qian_supervisor.name)
    assert "13812345678" not in body["last"]["reason"] and body["findings"][0]["state"]["zh"] == "更正后不成立"
    assert offered(scope(cast))["filled"].mark != mark  # type: ignore[union-attr]
    for _turn in range(3):
        fill(cast, shop, {"clear": "yes"})
    with django_assert_num_queries(1):
        assert len(queries_own.own_filled(cast.tang_grid.person_id or 0)) == 4
    assert bodies("filled", nobodys(cast)) == {}


def test_what_lies_with_a_person_is_told_to_its_author(cast: Cast, shop: Premises) -> None:
    made, dispute = in_dispute(cast, shop)
    assert held(cast, made)["dispute"] == {"id": dispute.pk, "state": "open", "words": ""}
    words = "电话 13812345678 核实过，是混用"
    actions.decide_dispute(dispute.pk, take=False, words=words, actor=cast.qian_supervisor, now=NOW)
    told = held(cast, made)["dispute"]
    assert (told["state"], "核实过，是混用" in told["words"], "13812345678" in told["words"]) == ("left", True, False)
    Dispute.objects.filter(pk=dispute.pk).update(state="open", decided_at=None)
    send("give_way", {"dispute": dispute.pk}, cast.tang_grid)
    assert held(cast, made)["dispute"]["state"] == "withdrawn"


def test_a_verdict_is_told_and_answered_by_operation_only_as_it_was_read(cast: Cast) -> None:
    _first, row = patrol(cast)
    assert bodies("judged", scope(cast)) == {}
    judge(row, cast.qian_supervisor, "wrong", "人不在那里")
    body = bodies("judged", scope(cast))[f"check_in-{row.pk}"]
    assert (body["verdict_words"]["zh"], body["by"], body["may_answer"]) == ("不属实", "钱督办", True)
    assert bodies("judged", nobodys(cast)) == {}
    said = {"about": "check_in", "id": row.pk, "text": "院门锁着，在门口打的"}
    other = (NOW - timedelta(days=1)).isoformat()
    entries = Entry.objects.count()
    with pytest.raises(Conflict) as refused:
        send("answer", said | {"judged_at": other}, cast.tang_grid)
    assert refused.value.code == "judged_again"
    assert Entry.objects.count() == entries and CheckIn.objects.get(pk=row.pk).answer == ""
    for _turn in range(2):
        assert send("answer", said | {"judged_at": body["judged_at"]}, cast.tang_grid).state == "applied"
    told = bodies("judged", scope(cast))[f"check_in-{row.pk}"]
    assert (told["answer"], told["may_answer"]) == ("院门锁着，在门口打的", False)


@pytest.mark.usefixtures("at_noon")
def test_only_its_author_reads_what_a_form_says_and_personal_answers_stay_sealed(
    cast: Cast, shop: Premises, django_assert_num_queries: Any
) -> None:
    made = failing(cast, shop, keeper="张三丰")
    address = f"/api/v1/field/filled/{made.uid}"

    def ask(actor: Actor) -> Any:
        client = Client()
        client.force_login(account_of(actor))
        _device, token = make_device(actor, now=NOW)
        return client.get(address, headers={"X-Huying-Device": token})

    told = ask(cast.tang_grid).json()
    assert (told["corrections"], told["hidden"], told["answers"]["clear"]) == (0, ["keeper"], "no")
    assert "张三丰" not in str(told) and told["definition"]["code"] == "small"
    (upload,) = told["answers"]["_findings"]["clear"]["photos"]
    assert told["pictures"][upload].startswith("/")
    with django_assert_num_queries(4):
        queries_own.own_answers(cast.tang_grid, made.uid)
    lead = lead_of(cast, "ma_liuan", "liuan", LIUAN)
    assert may_see_forms(lead).filter(uid=made.uid).exists() and ask(lead).status_code == 404
    assert Client().get(address).status_code == 401
