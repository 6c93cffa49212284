"""Corrections made away from the network: other answers merge, the same answer goes to a person with both values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.test import Client
from django.urls import reverse

from huying.casework.cases.factories import NOW, Cast
from huying.ground.registry.models import Premises
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from huying.kernel.trace.models import Entry
from huying.senses.field import actions, queries_disputes, queries_own
from huying.senses.field.factories import make_shop
from huying.senses.field.models import Dispute, Finding
from huying.senses.field.queries_disputes import dispute_page
from huying.senses.forms import factories
from huying.senses.forms.models import Submission, SubmissionRevision
from huying.senses.forms.queries import whole_answers
from huying.senses.sync.doors import Outcome

from .test_correcting import CLEAR, at_noon, correct, failing, fill, shop, signed_in
from .test_phone import send

__all__ = ["at_noon", "shop"]
LATER = NOW + timedelta(hours=2)


def phone(made: Submission, cast: Cast, changes: dict[str, Any], seen: dict[str, Any], **more: Any) -> Outcome:
    body = {"submission": str(made.uid), "changes": changes, "seen": seen, "reason": "看错了"}
    return send("amendment", body | more.pop("body", {}), more.pop("actor", cast.tang_grid), **more)


def now_says(made: Submission) -> dict[str, Any]:
    return whole_answers(Submission.objects.get(pk=made.pk))


def in_dispute(cast: Cast, shop: Premises) -> tuple[Submission, Dispute]:
    """The lead said mixed use, the phone, which had seen none, home; the sort nobody else touched."""
    made = fill(cast, shop, {"clear": "yes"})
    correct(made, cast.qian_supervisor, {"use": "mixed"})
    done = phone(made, cast, {"use": "home", "sort": "room"}, {"use": None, "sort": None})
    assert (done.state, set(done.fields), done.made["corrected"]) == ("conflict", {"use"}, True)
    return made, Dispute.objects.get(pk=done.made["dispute"])


def test_other_answers_merge_and_the_same_goes_to_a_person(cast: Cast, shop: Premises) -> None:
    made, dispute = in_dispute(cast, shop)
    assert now_says(made) == {"clear": "yes", "use": "mixed", "sort": "room"}
    assert (dispute.paths, dispute.by, dispute.state) == (["use"], cast.tang_grid.ref, "open")
    assert [one.pk for one in dispute_page(cast.qian_supervisor).rows] == [dispute.pk]
    assert dispute_page(cast.ma_liuan).rows == dispute_page(cast.tang_grid).rows == []
    again = phone(made, cast, {"use": "home"}, {}, id=dispute.op)
    assert (again.state, again.made["dispute"], SubmissionRevision.objects.count()) == ("conflict", dispute.pk, 2)
    assert Entry.objects.filter(verb="dispute_amendment").count() == 1 and again.made["corrected"]
    alone = phone(made, cast, {"use": "shop"}, {"use": None})
    assert (alone.state, alone.made["corrected"], now_says(made)["use"]) == ("conflict", False, "mixed")


def test_one_who_had_seen_it_and_one_who_says_the_same_are_in_no_dispute(cast: Cast, shop: Premises) -> None:
    made = fill(cast, shop, {"clear": "yes"})
    correct(made, cast.qian_supervisor, {"use": "mixed"})
    assert phone(made, cast, {"use": "mixed"}, {"use": None}).state == "applied"
    assert SubmissionRevision.objects.count() == 1
    assert phone(made, cast, {"use": "home"}, {"use": "mixed"}).state == "applied"
    assert now_says(made)["use"] == "home" and not Dispute.objects.exists()


def test_answers_that_make_no_sense_without_the_disputed_one_lie_with_it(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    was = made.answers["_findings"]["clear"]
    correct(made, cast.qian_supervisor, {"_findings/clear": was | {"days": 9}})
    done = phone(made, cast, {**CLEAR, "use": "home"}, {"clear": "no", "_findings/clear": was, "use": None})
    dispute = Dispute.objects.get()
    assert (done.state, dispute.paths) == ("conflict", ["_findings/clear", "clear"])
    assert (now_says(made)["clear"], now_says(made)["use"], Finding.objects.get().state) == ("no", "home", "open_case")
    actions.decide_dispute(dispute.pk, take=True, words="去看过了", actor=cast.qian_supervisor, now=LATER)
    assert now_says(made) == {"clear": "yes", "use": "home"} and Finding.objects.get().state == "withdrawn"


def test_new_pictures_wait_with_what_is_disputed(cast: Cast, shop: Premises) -> None:
    made = fill(cast, shop, {"clear": "yes"})
    theirs = factories.pictures(1, actor=cast.qian_supervisor, now=NOW)
    correct(made, cast.qian_supervisor, {"clear": "no", "_findings/clear": factories.failing([*theirs])}, files=theirs)
    own = factories.pictures(1, actor=cast.tang_grid, now=NOW)
    mine = {"clear": "no", "_findings/clear": factories.failing([*own], days=1)}
    assert phone(made, cast, mine, {"clear": "yes", "_findings/clear": None}, files=own).state == "conflict"
    dispute = Dispute.objects.get()
    (file,) = own.values()
    file.refresh_from_db()
    assert file.subject == f"submission:{made.pk}", "it is not swept while somebody decides"
    actions.decide_dispute(dispute.pk, take=True, words="", actor=cast.qian_supervisor, now=LATER)
    assert Finding.objects.get().days == 1
    assert set(Finding.objects.get().photos.values_list("file", flat=True)) == {file.pk}


def test_a_person_decides_once_and_never_on_their_own(cast: Cast, shop: Premises) -> None:
    made, dispute = in_dispute(cast, shop)
    decide: dict[str, Any] = {"take": True, "words": "", "actor": cast.qian_supervisor, "now": LATER}
    entries, revisions = Entry.objects.count(), SubmissionRevision.objects.count()
    Dispute.objects.filter(pk=dispute.pk).update(by=cast.qian_supervisor.ref)
    with pytest.raises(Forbidden):
        actions.decide_dispute(dispute.pk, **decide)
    Dispute.objects.filter(pk=dispute.pk).update(by=cast.tang_grid.ref)
    for error, wrong in (
        (NotFound, {"actor": cast.tang_grid}),
        (NotFound, {"actor": cast.he_sanitation}),
        (Invalid, {"take": False, "words": " "}),
    ):
        with pytest.raises(error):
            actions.decide_dispute(dispute.pk, **(decide | wrong))
    assert (Entry.objects.count(), SubmissionRevision.objects.count()) == (entries, revisions)
    assert Dispute.objects.get().state == "open"
    actions.decide_dispute(dispute.pk, **decide)
    assert now_says(made)["use"] == "home"
    last = SubmissionRevision.objects.latest("pk")
    assert (last.amended_by, "看错了" in last.reason) == (cast.qian_supervisor.ref, True)
    with pytest.raises(Conflict):
        actions.decide_dispute(dispute.pk, **(decide | {"take": False, "words": "不对"}))


@pytest.mark.usefixtures("at_noon")
def test_what_waits_goes_on_from_page_to_page_without_ones_own(
    cast: Cast, shop: Premises, django_assert_num_queries: Any
) -> None:
    """Their own, which somebody else decides, would stand on top for ever."""
    _made, first = in_dispute(cast, shop)
    values = {
        "area": first.area,
        "reason": "看错了",
        "change": "{}",
        "paths": ["use"],
        "at": NOW,
        "submission": uuid4(),
    }
    Dispute.objects.filter(pk=first.pk).update(by=cast.qian_supervisor.ref)
    theirs = [Dispute.objects.create(op=uuid4(), by=cast.tang_grid.ref, by_name="唐", **values) for _one in range(3)]
    with django_assert_num_queries(1):
        page = dispute_page(cast.qian_supervisor, size=2)
    assert page.rows == theirs[:2] and page.prev is None
    rest = dispute_page(cast.qian_supervisor, size=2, cursor=page.next)
    assert (rest.rows, rest.next) == (theirs[2:], None)
    shown = signed_in(cast.qian_supervisor).get(reverse("field-checks") + "?show=disputes").content.decode()
    assert str(theirs[0].submission) in shown and str(first.submission) not in shown


@pytest.mark.usefixtures("at_noon")
def test_only_what_is_in_dispute_is_decided(cast: Cast, shop: Premises) -> None:
    """The phone's sort was done at once; what the lead made of it since is nobody's to turn back."""
    made, dispute = in_dispute(cast, shop)
    correct(made, cast.qian_supervisor, {"sort": "workshop"})
    assert queries_disputes.in_dispute(dispute) == {"use": "home"}
    page = signed_in(cast.qian_supervisor).get(reverse("forms-submission", args=[made.uid])).content.decode()
    table = page[page.index('id="disputes"') :]
    table = table[table.index("<table") : table.index("</table>")]
    assert "home" in table and "workshop" not in table and "room" not in table
    actions.decide_dispute(dispute.pk, take=True, words="", actor=cast.qian_supervisor, now=LATER)
    assert now_says(made) == {"clear": "yes", "use": "home", "sort": "workshop"}


@pytest.mark.parametrize("take", [True, False])
def test_its_author_who_gives_way_after_the_decision_changes_nothing(cast: Cast, shop: Premises, take: bool) -> None:
    made, dispute = in_dispute(cast, shop)
    actions.decide_dispute(dispute.pk, take=take, words="去看过了", actor=cast.qian_supervisor, now=LATER)
    says, entries = now_says(made), Entry.objects.count()
    told = send("give_way", {"dispute": dispute.pk}, cast.tang_grid)
    assert (told.state, told.message) == ("applied", "这一处已经有人定了")
    assert (Dispute.objects.get().state, now_says(made)) == ("taken" if take else "left", says)
    assert Entry.objects.count() == entries


def test_its_author_lets_the_other_value_stand(cast: Cast, shop: Premises) -> None:
    made, dispute = in_dispute(cast, shop)
    with pytest.raises(NotFound):
        send("give_way", {"dispute": dispute.pk}, cast.qian_supervisor)
    with pytest.raises(Invalid):
        send("give_way", {"dispute": "1"}, cast.tang_grid)
    for _turn in range(2):
        assert send("give_way", {"dispute": dispute.pk}, cast.tang_grid).state == "applied"
    assert (Dispute.objects.get().state, now_says(made)["use"]) == ("withdrawn", "mixed")
    assert Entry.objects.filter(verb="decide_dispute").count() == 1


def test_what_is_refused_leaves_nothing(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    correct(made, cast.qian_supervisor, {"use": "mixed"})
    entries, seen = Entry.objects.count(), {"use": None}
    late = NOW - timedelta(days=4)
    for error, changes, more in (
        (Invalid, {}, {}),
        (Invalid, {"use": "home"}, {"body": {"reason": ""}}),
        (Invalid, {"use": "home"}, {"body": {"seen": []}}),
        (Invalid, {"use": "home"}, {"body": {"changes": []}}),
        (Invalid, {"rooms/9/area": 3, "use/deep": 1, "clear/x": 2}, {}),
        (NotFound, {"use": "home"}, {"actor": cast.he_sanitation}),
        (Forbidden, {"use": "home"}, {"actor": cast.ji_discipline}),
        (NotFound, {"use": "home"}, {"body": {"submission": str(uuid4())}}),
    ):
        with pytest.raises(error):
            phone(made, cast, changes, seen, **more)
    Submission.objects.update(received_at=late)
    with pytest.raises(Refused):
        phone(made, cast, {"use": "home"}, seen)
    assert Entry.objects.count() == entries and not Dispute.objects.exists()
    assert SubmissionRevision.objects.count() == 1


PEOPLE: list[dict[str, Any]] = [
    *factories.EXITS, {"type": "begin_repeat", "name": "people", "label": "住户"},
    {"type": "text", "name": "who", "label": "姓名", "huying_private": "yes"},
    {"type": "integer", "name": "room", "label": "房号"}, {"type": "end_repeat"},
]  # fmt: skip


def test_rows_with_personal_answers_the_phone_was_not_shown_are_never_lost(cast: Cast) -> None:
    factories.published(PEOPLE, now=NOW)
    whole = [{"who": "张三", "room": 1}, {"who": "李四", "room": 2}]
    made = fill(cast, make_shop(now=NOW, risk="green"), {"clear": "yes", "people": whole})
    shown = queries_own.own_answers(cast.tang_grid, made.uid).answers["people"]
    assert shown == [{"room": 1}, {"room": 2}]
    entries = Entry.objects.count()
    for changed in ([*shown, {"room": 3}], shown[:1], [], None):
        with pytest.raises(Invalid) as refused:
            phone(made, cast, {"people": changed}, {"people": shown})
        assert (refused.value.code, refused.value.field) == ("sealed_unseen", "people")
    assert (now_says(made)["people"], Entry.objects.count()) == (whole, entries)
    assert phone(made, cast, {"people/1/room": 5}, {"people/1/room": 2}).state == "applied"
    kept = [whole[0], {"who": "李四", "room": 5}]
    assert now_says(made)["people"] == kept
    assert phone(made, cast, {"people": kept[1:]}, {"people": kept}).state == "applied", "this phone had them all"
    assert now_says(made)["people"] == kept[1:]


@pytest.mark.usefixtures("at_noon")
@pytest.mark.parametrize("how", ["filled in since", "laid before it was checked"])
def test_taking_a_list_never_takes_personal_answers_its_author_was_not_shown(cast: Cast, how: str) -> None:
    factories.published(PEOPLE, now=NOW)
    made = fill(cast, make_shop(now=NOW, risk="green"), {"clear": "yes", "people": [{"room": 1}]})
    correct(made, cast.qian_supervisor, {"people": [{"room": 1}, {"room": 2}]})
    assert phone(made, cast, {"people": [{"room": 1}, {"room": 3}]}, {"people": [{"room": 1}]}).state == "conflict"
    correct(made, cast.qian_supervisor, {"people/0/who": "张三"})
    dispute = Dispute.objects.get()
    if how == "laid before it was checked":  # the name was there, and the phone held the row without it
        said = {"changes": {"people": [{"room": 1}]}, "seen": {"people": [{"room": 1}, {"room": 2}]}}
        Dispute.objects.filter(pk=dispute.pk).update(change=orjson.dumps(said).decode())
    says, entries, revisions = now_says(made), Entry.objects.count(), SubmissionRevision.objects.count()
    decide: dict[str, Any] = {"words": "对的", "actor": cast.qian_supervisor, "now": LATER}
    with pytest.raises(Invalid) as refused:
        actions.decide_dispute(dispute.pk, take=True, **decide)
    assert (refused.value.code, refused.value.field) == ("sealed_unseen", "people")
    act = reverse("field-dispute", args=[dispute.pk])
    told = signed_in(cast.qian_supervisor).post(act, {"do": "take", "words": ""}, follow=True).content.decode()
    assert "提更正的人没看到的个人信息" in told
    assert (now_says(made), Entry.objects.count()) == (says, entries) and says["people"][0]["who"] == "张三"
    assert (SubmissionRevision.objects.count(), Dispute.objects.get().state) == (revisions, "open")
    assert actions.decide_dispute(dispute.pk, take=False, **decide).state == "left" and now_says(made) == says


def test_a_list_whose_author_had_all_of_it_is_taken_whole(cast: Cast) -> None:
    factories.published(PEOPLE, now=NOW)
    whole = [{"who": "张三", "room": 1}, {"who": "李四", "room": 2}]
    made = fill(cast, make_shop(now=NOW, risk="green"), {"clear": "yes", "people": whole})
    correct(made, cast.qian_supervisor, {"people/1/room": 5})
    assert phone(made, cast, {"people": whole[:1]}, {"people": whole}).state == "conflict"
    decide: dict[str, Any] = {"take": True, "words": "", "actor": cast.qian_supervisor, "now": LATER}
    actions.decide_dispute(Dispute.objects.get().pk, **decide)
    assert now_says(made)["people"] == whole[:1]


def test_nothing_different_is_refused_where_nobody_corrected_anything(cast: Cast, shop: Premises) -> None:
    made = fill(cast, shop, {"clear": "yes"})
    with pytest.raises(Invalid):
        phone(made, cast, {"clear": "yes"}, {"clear": "yes"})
    assert not SubmissionRevision.objects.exists()


@pytest.mark.usefixtures("at_noon")
def test_the_page_shows_both_values_to_who_decides(cast: Cast, shop: Premises) -> None:
    made, dispute = in_dispute(cast, shop)
    page, act = reverse("forms-submission", args=[made.uid]), reverse("field-dispute", args=[dispute.pk])
    client = signed_in(cast.qian_supervisor)
    listed = client.get(reverse("field-checks") + "?show=disputes").content.decode()
    assert page in listed and "看错了" in listed
    shown = client.get(page).content.decode()
    assert "等您定" in shown and act in shown and "mixed" in shown and "home" in shown
    own = signed_in(cast.tang_grid).get(page).content.decode()
    assert "两边不一样的更正" in own and act not in own and "等您定" not in own
    for actor in (cast.tang_grid, cast.he_sanitation):
        assert signed_in(actor).post(act, {"do": "take"}).status_code == 404
    assert Client().post(act).status_code in (302, 403)
    refused = client.post(act, {"do": "leave", "words": ""}, follow=True).content.decode()
    assert "请写明为什么不采用" in refused and Dispute.objects.get().state == "open"
    done = client.post(act, {"do": "leave", "words": "我刚去过，是混用"}, follow=True).content.decode()
    assert "没有采用" in done and act not in done and now_says(made)["use"] == "mixed"
