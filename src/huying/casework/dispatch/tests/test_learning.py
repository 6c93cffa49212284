"""What closed cases and corrections teach, which version speaks, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import factories
from huying.casework.cases.actions import Opening, open_cases
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import Case
from huying.casework.catalogue import queries as catalogues
from huying.casework.clocks.models import Notice
from huying.casework.dispatch import actions as dispatch
from huying.casework.dispatch.desk_queries import focus
from huying.casework.dispatch.models import DispatchPolicy
from huying.casework.dispatch.queries import Matter, decide
from huying.casework.understanding import actions, queries, tasks
from huying.casework.understanding.models import Correction, LearnedModel
from huying.casework.understanding.rules import LIKELY_UNIT, URGENT_FROM, Subject
from huying.kernel.actor import system
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Forbidden, NotFound
from huying.kernel.trace import Entry

SAID = {
    "0101": "{}旁边的垃圾桶满了，臭味熏人，没有人来清运",
    "0701": "{}的老房子墙体开裂，越裂越宽，怕是要倾斜",
    "1605": "建议在{}加装休息座椅，方便老年人坐一坐",
}
PLACES = [
    f"{name}{kind}"
    for name in ["柳岸", "桃园", "松江", "梅坡", "荷塘", "青石", "白云", "沙湾", "石桥", "南塘"]
    for kind in ("路口", "小区", "菜场")
]


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


@pytest.fixture
def lived(cast: Cast) -> Callable[..., None]:
    """Cases people have closed, of items the catalogue has; ``wrong`` closes them under other items."""

    def live(rounds: int = 4, *, later: int = 0) -> None:
        codes = [code for code in SAID if code in cast.items]
        openings = []
        for turn in range(rounds):
            for place in PLACES:
                for code in codes:
                    text = SAID[code].format(place) + "，请尽快处理" * (turn % 2) + "。" * (turn + later)
                    item = cast.items[code]
                    openings.append(
                        Opening(
                            item_id=item.pk,
                            item_code=code,
                            class_code=code[:2],
                            title=text[:20],
                            summary=text,
                            words=text,
                            channel="portal",
                            at=NOW,
                        )
                    )
        ids = open_cases(openings, actor=system("test"), now=NOW)
        Case.objects.filter(pk__in=ids).update(state="closed", closed_at=NOW + timedelta(hours=1 + later), due_at=None)

    return live


AFTER = NOW + timedelta(days=2)


def test_it_learns_from_closed_cases_and_speaks_only_if_no_worse(cast: Cast, lived: Callable[..., None]) -> None:
    lived()
    model = actions.learn(actor=system("test"), now=AFTER)
    assert model.on and model.number == 1 and model.examples >= 90
    assert model.card["accuracy"] >= model.present["accuracy"] and model.card["ece"] <= 0.2
    assert model.card["curve"] and model.card["drift"]["unknown_words"] is not None
    (found,) = queries.propose(["石桥路口垃圾桶满了，臭"], catalogue=catalogues.current(local_day(AFTER)))
    assert found[0].item_code == "0101" and found[0].confidence > 0.5 and found[0].reasons
    assert Entry.objects.filter(chain=actions.CHAIN, verb="switch_on").count() == 1


def test_a_worse_version_waits_and_one_click_goes_back(
    cast: Cast, lived: Callable[..., None], monkeypatch: Any
) -> None:
    lived()
    first = actions.learn(actor=system("test"), now=AFTER)
    monkeypatch.setattr(actions, "may_replace", lambda card, present: False)
    second = actions.learn(actor=system("test"), now=AFTER + timedelta(days=1))
    assert not second.on and LearnedModel.objects.get(on=True, subject=Subject.ITEM) == first
    actions.switch_on(second.pk, actor=system("test"), now=AFTER)
    assert LearnedModel.objects.get(on=True, subject=Subject.ITEM) == second
    actions.switch_on(first.pk, actor=system("test"), now=AFTER)
    assert queries.card_speaking() == first.card
    actions.switch_off(Subject.ITEM, actor=system("test"), now=AFTER)
    assert queries.speaking(Subject.ITEM) is None and queries.card_speaking() == {}
    with pytest.raises(NotFound):
        actions.switch_on(999_999, actor=system("test"), now=AFTER)


def test_a_place_without_history_learns_from_the_catalogue_and_says_so(cast: Cast) -> None:
    model = actions.learn(actor=system("test"), now=AFTER)
    assert not model.on and model.examples == 0
    assert model.card["from"] == "phrases" and 0.2 < model.card["accuracy"] < 1 and model.present == {}


def test_the_card_tells_of_classes_too(cast: Cast, lived: Callable[..., None]) -> None:
    lived()
    card = actions.learn(actor=system("test"), now=AFTER).card
    assert set(card["classes"]["per_class"]) >= {"01", "07", "16"}
    assert card["classes"]["accuracy"] >= card["accuracy"]


def urgent_when_cracked(lived: Callable[..., None]) -> None:
    lived()
    Case.objects.filter(item_code="0701").update(urgent=True)


def test_what_was_urgent_before_is_taken_for_urgent_once_switched_on(cast: Cast, lived: Callable[..., None]) -> None:
    urgent_when_cracked(lived)
    cracked, bench = (
        Matter(text=SAID[code].format("新桥路口"), channel="portal", at=AFTER) for code in ("0701", "1605")
    )
    model = actions.learn(Subject.URGENCY, actor=system("test"), now=AFTER)
    actions.switch_off(Subject.URGENCY, actor=system("test"), now=AFTER)
    assert queries.urgencies(["x"]) == [0.0] and not decide([cracked], now=AFTER)[0].urgent
    actions.switch_on(model.pk, actor=system("test"), now=AFTER)
    assert [one.urgent for one in decide([cracked, bench], now=AFTER)] == [True, False]
    (opened,) = dispatch.open_matters([replace(cracked, hold=True)], actor=system("test"), now=AFTER)
    case = Case.objects.select_related("item").get(pk=opened.case_id)
    assert case.urgent and focus(case, cast.li_dispatcher, AFTER).hurry >= URGENT_FROM


def test_a_dispatcher_is_told_who_closed_the_like_where_the_rules_say_another(
    cast: Cast, lived: Callable[..., None]
) -> None:
    lived()
    water = cast.units["water"]
    for code, unit in (("0101", water), ("0701", cast.units["housing"]), ("1605", cast.units["street"])):
        Case.objects.filter(item_code=code).update(lead_unit=unit)
    text = SAID["0101"].format("新桥路口")
    assert queries.usual_unit(text, "") is None
    model = actions.learn(Subject.UNIT, actor=system("test"), now=AFTER)
    actions.switch_on(model.pk, actor=system("test"), now=AFTER)
    (opened,) = dispatch.open_matters(
        [Matter(text=text, channel="portal", at=AFTER, item_code="0101", hold=True)], actor=system("test"), now=AFTER
    )
    case = Case.objects.select_related("item").get(pk=opened.case_id)
    found = focus(case, cast.li_dispatcher, AFTER).usual
    assert found is not None and found[0].id == water.pk and found[1] >= LIKELY_UNIT


def test_only_those_who_answer_for_the_place_let_it_learn(cast: Cast, lived: Callable[..., None]) -> None:
    lived(1)
    before = LearnedModel.objects.count()
    with pytest.raises(Forbidden):
        actions.learn(actor=cast.li_dispatcher, now=AFTER)
    with pytest.raises(Forbidden):
        actions.switch_off(Subject.ITEM, actor=cast.li_dispatcher, now=AFTER)
    assert LearnedModel.objects.count() == before


def test_a_correction_is_kept_and_counts_more(cast: Cast, lived: Callable[..., None]) -> None:
    (opened,) = dispatch.open_matters(
        [Matter(text="说不清的一件怪事", channel="portal", at=NOW, hold=True)], actor=system("test"), now=NOW
    )
    was = Case.objects.get(pk=opened.case_id).item_code
    code = next(code for code in cast.items if code != was)
    dispatch.correct_matter(opened.case_id, actor=cast.li_dispatcher, now=NOW, item_code=code)
    (kept,) = Correction.objects.all()
    assert (kept.case_id, kept.was_item, kept.item) == (opened.case_id, was, code)
    (one,) = queries.examples(Subject.ITEM, until=AFTER)
    assert one.label == code and one.weight == queries.CORRECTED and one.case_id == opened.case_id
    with pytest.raises(Conflict):
        dispatch.correct_matter(opened.case_id, actor=cast.li_dispatcher, now=NOW, item_code=was, expected=999)
    assert Correction.objects.count() == 1


def test_a_demanded_precision_sets_the_confidence(cast: Cast, lived: Callable[..., None]) -> None:
    lived()
    actions.learn(actor=system("test"), now=AFTER)
    policy = DispatchPolicy.objects.create(
        area="", valid_from=local_day(NOW), min_place=0, precision=0.9, min_confidence=0.99, min_margin=0.99
    )
    (asked,) = decide([Matter(text=SAID["0101"].format("新桥路口"), channel="portal", at=AFTER)], now=AFTER)
    assert asked.waits_for not in ("unsure_item", "close_call")
    LearnedModel.objects.update(card={"curve": [[0.9, 0.5, 1.0]]}, switched_at=AFTER)
    queries._spoken.clear()
    (asked,) = decide([Matter(text=SAID["0101"].format("新桥路口"), channel="portal", at=AFTER)], now=AFTER)
    assert asked.waits_for == "unsure_item"
    policy.delete()


def test_an_emergency_is_put_before_a_person_at_once(cast: Cast) -> None:
    (opened,) = dispatch.open_matters(
        [Matter(text="楼下着火了，还有老人困在里面，快来人", channel="portal", at=NOW)], actor=system("test"), now=NOW
    )
    case = Case.objects.get(pk=opened.case_id)
    assert case.urgent and case.state == "pending" and opened.decision.waits_for == "emergency"
    assert case.due_at == NOW + timedelta(minutes=10)
    told = Notice.objects.filter(case=case, kind="emergency")
    assert told.exists() and "119" in told[0].body["text"]


SAID_IN_DANGER = (
    "楼下着火了，浓烟往上窜，快来人",
    "厨房好大煤气味，闻着头晕",
    "我妈倒在地上叫不醒",
    "有人站在楼顶说不想活了",
    "隔壁天天打孩子，现在孩子哭得喘不上气",
    "小孩掉河里了，快救人",
)


@pytest.mark.parametrize("text", SAID_IN_DANGER)
@pytest.mark.parametrize("named", [None, "0101"])
def test_danger_waits_for_a_person_whatever_kind_was_chosen(cast: Cast, text: str, named: str | None) -> None:
    (opened,) = dispatch.open_matters(
        [Matter(text=text, channel="portal", at=NOW, item_code=named)], actor=system("test"), now=NOW
    )
    case = Case.objects.get(pk=opened.case_id)
    assert (opened.decision.waits_for, case.urgent, case.state) == ("emergency", True, "pending")
    assert Notice.objects.filter(case=case, kind="emergency").exists()


def test_what_staff_named_and_plain_matters_call_nobody(cast: Cast) -> None:
    given = [
        Matter(text=SAID_IN_DANGER[0], channel="hotline", at=NOW, item_code="0101"),  # the seat heard it
        Matter(text="路口垃圾没人清", channel="portal", at=NOW, item_code="0101"),
    ]
    for one in dispatch.open_matters(given, actor=system("test"), now=NOW):
        assert one.decision.waits_for != "emergency"
    assert not Notice.objects.filter(kind="emergency").exists()


def test_the_page_shows_the_card_and_switches(cast: Cast, lived: Callable[..., None], settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    lived()
    wrong = Case.objects.order_by("-id")[:9]  # of the newest, which it is judged by
    Case.objects.filter(pk__in=[case.pk for case in wrong]).update(item_code="1605", item=cast.items["1605"])
    model = actions.learn(actor=system("test"), now=AFTER)
    assert model.card["confused"] and model.card["wrong"]
    actions.switch_on(model.pk, actor=system("test"), now=AFTER)
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(factories.account_of(cast.li_dispatcher))
    page = client.get("/desk/understanding").content.decode()
    assert "第 1 版" in page and "说对的比例" in page and "现在学一次" not in page
    assert "常混的" in page and f"/desk/cases/{model.card['wrong'][0]['case']}/" in page
    assert client.post("/desk/understanding/switch", {"of": "item", "model": ""}).status_code == 403
    assert client.get("/desk/understanding?of=unit").status_code == 200
    assert LearnedModel.objects.get(pk=model.pk).on


def test_the_weekly_round_learns_every_subject(cast: Cast, lived: Callable[..., None]) -> None:
    lived(2)
    tasks.learn_all()
    assert set(LearnedModel.objects.values_list("subject", flat=True)) <= set(Subject)
    assert LearnedModel.objects.filter(subject=Subject.ITEM).exists()
