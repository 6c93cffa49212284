"""A handler who stopped an illegal building in time can say so on the page of the case, in plain words."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override

from huying.casework.cases import actions as cases
from huying.casework.cases import factories
from huying.casework.cases.actions import Opening, Sending
from huying.casework.cases.factories import NOW, Cast
from huying.casework.cases.models import Case
from huying.casework.catalogue.limits import parse_limit, steps
from huying.casework.clocks.models import Clock
from huying.casework.clocks.words import kind_words, limit_words
from huying.kernel.actor import system
from huying.kernel.trace import Entry

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def cast(settings: Any) -> Cast:
    settings.HUYING_REQUIRE_TOTP = False
    return factories.make_cast()


@pytest.fixture
def case(cast: Cast) -> Case:
    item = next(one for one in cast.items.values() if "stop_work" in str(one.close))
    limits = {"respond": item.respond, "close": item.close}
    sending = Sending(unit_id=cast.units["sanitation"].pk, limits=limits)
    opening = Opening(
        item_id=item.pk, item_code=item.code, class_code=item.class_code, title="楼顶加建", summary="楼顶在加建",
        words="楼顶在加建", channel="portal", at=NOW, sending=sending,
    )  # fmt: skip
    (case_id,) = cases.open_cases([opening], actor=system("portal"), now=NOW)
    cases.sign_case(case_id, actor=cast.he_sanitation, now=NOW + HOUR)
    found: Case = Case.objects.get(pk=case_id)
    return found


def client(cast: Cast, name: str) -> Client:
    made = Client(headers={"accept-language": "zh-hans"})
    made.force_login(factories.account_of(cast.people[name]))
    return made


def stage(case: Case) -> Clock:
    found: Clock = Clock.objects.get(case=case, kind="stage:stop_work")
    return found


def test_a_stage_is_offered_by_its_name_and_stops_its_clock(cast: Cast, case: Case) -> None:
    handler, page = client(cast, "he_sanitation"), f"/desk/cases/{case.pk}/"
    offered = handler.get(page, {"do": "reach_stage"}).content.decode()
    assert "登记阶段完成" in offered and "责令停工" in offered and "“责令停工”阶段时限" in offered
    answer = handler.post(f"{page}do/reach_stage", {"stage": "stop_work", "note": "已停工", "expected": case.version})
    assert answer.status_code == 302
    assert stage(case).stopped_why == "reached"
    after = handler.get(page).content.decode()
    assert "完成阶段：责令停工" in after and "已停工" in after
    again = handler.get(page, {"do": "reach_stage"}).content.decode()
    assert 'value="stop_work"' not in again and 'value="penalty"' in again


@pytest.mark.parametrize(
    ("who", "given", "status"),
    [
        ("sun_checker", {"stage": "stop_work"}, 409),
        ("he_sanitation", {"stage": ""}, 409),
        ("he_sanitation", {"stage": "no_such"}, 422),
    ],
)
def test_refused_and_nothing_changes(cast: Cast, case: Case, who: str, given: dict[str, str], status: int) -> None:
    entries = Entry.objects.count()
    answer = client(cast, who).post(f"/desk/cases/{case.pk}/do/reach_stage", given)
    assert answer.status_code == status
    assert stage(case).stopped_at is None and Entry.objects.count() == entries


def test_waiting_is_said_and_ended_on_the_page(cast: Cast, case: Case) -> None:
    handler, page = client(cast, "he_sanitation"), f"/desk/cases/{case.pk}/"
    assert "等反映人补充" in handler.get(page).content.decode()
    assert handler.post(f"{page}do/wait_for_reporter", {"reason": "请补门牌号"}).status_code == 302
    shown = handler.get(page).content.decode()
    assert "反映人已补充" in shown and "等待反映人补充，时限暂停到" in shown and "请补门牌号" in shown
    closing = Clock.objects.filter(case=case, kind="close")
    assert closing.get().paused_why == "waiting"
    assert handler.post(f"{page}do/end_wait", {}).status_code == 302
    assert closing.get().paused_at is None
    refused = handler.post(f"{page}do/wait_for_reporter", {"reason": "再等等"})
    assert refused.status_code == 409 and "已经等待过一次" in refused.content.decode()


def test_the_rest_doors_take_the_same_steps(cast: Cast, case: Case) -> None:
    handler, address = client(cast, "he_sanitation"), f"/api/v1/cases/{case.pk}"

    def post(name: str, **given: str) -> int:
        return int(handler.post(f"{address}/{name}", given, content_type="application/json").status_code)

    assert post("stages", stage="stop_work") == 204
    assert post("stages", stage="stop_work") == 404
    assert post("wait", reason="") == 409
    assert post("wait", reason="要照片") == 200
    assert post("wait/end") == 204
    assert post("wait/end") == 409


@pytest.mark.parametrize(
    ("notation", "zh", "en"),
    [
        ("2wh", "2个工作小时", "2 working hours"),
        ("1wd", "1个工作日", "1 working day"),
        ("30m", "30分钟", "30 minutes"),
        ("immediate", "立即（5分钟内）", "at once (within 5 minutes)"),
        ("until safe", "直至险情消除", "until safe"),
    ],
)
def test_limits_are_said_in_words(notation: str, zh: str, en: str) -> None:
    limit = parse_limit(notation)[0].limit.as_json()
    for language, words in (("zh-hans", zh), ("en", en)):
        with override(language):
            assert limit_words(limit) == words
    assert limit_words({}) == limit_words({"label": "7d"}) == ""


def test_a_case_shows_no_notation(cast: Cast, case: Case) -> None:
    page = client(cast, "he_sanitation").get(f"/desk/cases/{case.pk}/").content.decode()
    shown = page[page.index('id="clocks"') :]
    assert "1个工作小时" in shown and "4个工作小时" in shown and "20个工作日" in shown
    assert not re.search(r"\d(wh|wd|m|h|d)\b", re.sub(r"<[^>]*>", " ", shown[: shown.index("</table>")]))


def test_the_first_of_several_urgent_steps_is_called_so() -> None:
    (first, *_rest) = steps(parse_limit("immediate; 30m on site"))
    with override("zh-hans"):
        assert kind_words(f"stage:{first.name}") == "“第一步”阶段时限"
    with override("en"):
        assert "first step" in kind_words(f"stage:{first.name}")
