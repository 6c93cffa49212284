"""Pages of whoever looks after the phones of others."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from huying.casework.cases.factories import Cast, account_of
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.privacy import AccessEntry
from huying.senses.sync import actions, queries, words
from huying.senses.sync.factories import make_device, raw, sent
from huying.senses.sync.models import Device, Operation

from .conftest import notes

LIST, STUCK = "/desk/field/devices/", "/desk/field/operations/"


def client(actor: Actor) -> Client:
    one = Client()
    one.force_login(account_of(actor))
    return one


@pytest.fixture
def stuck(cast: Cast) -> Operation:
    now = clock.now()
    device, _token = make_device(cast.tang_grid, now=now, name="小唐的手机")
    refused = raw(at=now, body={"refuse": 1, "text": "住在三单元"})
    after = raw(at=now, after=[refused["id"]])
    actions.take_operations(actor=cast.tang_grid, device=device, now=now, operations=sent(refused, after))
    return Operation.objects.get(pk=refused["id"])


def test_who_sees_which_phones(cast: Cast, stuck: Operation, django_assert_num_queries: Any) -> None:
    head, today = client(cast.gao_liuan_lead), clock.local_day(clock.now())
    with django_assert_num_queries(2):  # phones with their people, what stands on them
        found = queries.device_page(cast.gao_liuan_lead, today=today, cursor=None, size=50).rows
        assert [(one.person.name, one.waiting, one.refused) for one in found] == [("唐网格", 1, 1)]  # type: ignore[attr-defined]
    with django_assert_num_queries(1):
        more = {"state": "refused", "device": None, "cursor": None}
        stands = queries.operation_page(cast.gao_liuan_lead, today=today, size=50, **more).rows  # type: ignore[arg-type]
        assert [(one.pk, one.person.name, one.device.name) for one in stands] == [(stuck.pk, "唐网格", "小唐的手机")]
    page = head.get(LIST).content.decode()
    assert "小唐的手机" in page
    assert f"{STUCK}?state=refused&amp;device={stuck.device.uid}" in page
    assert "小唐的手机" in client(cast.zhao_centre).get(LIST).content.decode()
    assert "小唐的手机" not in client(cast.lin_sanitation_head).get(LIST).content.decode()
    for stranger in (cast.tang_grid, cast.wang_seat):
        for path in (LIST, STUCK, f"{LIST}{stuck.device.uid}/revoke", f"{STUCK}{stuck.pk}/"):
            assert client(stranger).get(path).status_code == 404
    for path in (f"{LIST}{stuck.device.uid}/revoke", f"{STUCK}{stuck.pk}/", f"{STUCK}{uuid.uuid4()}/"):
        assert client(cast.lin_sanitation_head).get(path).status_code == 404
    assert (
        client(cast.lin_sanitation_head).post(f"{STUCK}{stuck.pk}/mend", {"do": "remove", "why": "x"}).status_code
        == 404
    )
    assert Operation.objects.get(pk=stuck.pk).state == "refused"


def test_a_lost_phone_is_shut_out_for_a_reason(cast: Cast, stuck: Operation) -> None:
    head, path = client(cast.gao_liuan_lead), f"{LIST}{stuck.device.uid}/revoke"
    assert "小唐的手机" in head.get(path).content.decode()
    assert head.post(path, {"why": " "}).status_code == 422
    assert Device.objects.get().revoked_at is None
    assert head.post(path, {"why": "手机丢失"}).status_code == 302
    device = Device.objects.get()
    assert (device.revoked_by, device.revoked_why) == (cast.gao_liuan_lead.ref, "手机丢失")
    assert "手机丢失" in head.get(LIST).content.decode()


def test_what_is_stuck_is_seen_for_a_reason_tried_and_removed(cast: Cast, stuck: Operation) -> None:
    head, path = client(cast.gao_liuan_lead), f"{STUCK}{stuck.pk}/"
    assert f"{STUCK}{stuck.pk}/" in head.get(STUCK).content.decode()
    assert head.get(f"{STUCK}?state=waiting&device={stuck.device.uid}").content.decode().count("data-row") == 1
    assert head.get(f"{STUCK}?state=nonsense&device=nonsense").status_code == 200
    assert "住在三单元" not in head.get(path).content.decode()
    assert head.post(path, {"why": ""}).status_code == 422
    assert AccessEntry.objects.count() == 0
    assert "住在三单元" in head.post(path, {"why": "帮小唐补报"}).content.decode()
    assert AccessEntry.objects.get().subject == f"operation:{stuck.pk}"
    assert head.post(f"{path}mend", {"do": "retry"}).status_code == 302
    assert Operation.objects.get(pk=stuck.pk).state == "refused"
    head.post(f"{path}mend", {"do": "remove", "why": ""})
    assert Operation.objects.get(pk=stuck.pk).state == "refused"
    head.post(f"{path}mend", {"do": "remove", "why": "重复"})
    assert Operation.objects.get(pk=stuck.pk).state == "removed"
    assert len(notes()) == 1, "what came after it went on"


def test_a_refusal_kept_in_the_language_of_the_place_is_said_in_the_readers() -> None:
    ours, hint = "没有这张表单的这一版", "请先同步，再重新填写"
    for message in (ours, f"{ours} {hint}"):
        with override("en"):
            told = str(words.why("refused", "", message))
        assert told.isascii() and told
        with override("zh-hans"):
            assert str(words.why("refused", "", message)) == message
    with override("en"):
        assert str(words.why("refused", "", "居民自己写的话")) == "居民自己写的话"
        assert str(words.why("refused", "", "")) == str(words.STATES["refused"])
