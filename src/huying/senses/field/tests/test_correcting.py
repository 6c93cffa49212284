"""A filled form is corrected: what no longer stands is withdrawn, what now stands becomes a case, the registry follows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from huying.casework.cases.factories import IN_GRID_1, NOW, Cast, account_of
from huying.casework.cases.facts import CaseClosed
from huying.casework.cases.models import Case
from huying.ground.registry.actions import change
from huying.ground.registry.models import Premises, Proposal
from huying.kernel import clock
from huying.kernel.actor import Actor, Duty, system
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from huying.kernel.facts import collected, publish
from huying.kernel.models import AccessEntry
from huying.kernel.trace.models import Entry
from huying.senses.field import actions
from huying.senses.field.factories import make_shop
from huying.senses.field.facts import FindingMade, FindingWithdrawn
from huying.senses.field.handlers import follow_amendments
from huying.senses.field.models import Consequence, Finding, Task
from huying.senses.field.policies import add_policy
from huying.senses.field.tests.test_phone import send as do
from huying.senses.forms import actions as forms
from huying.senses.forms import factories
from huying.senses.forms.facts import SubmissionAmended
from huying.senses.forms.models import Submission, SubmissionRevision
from huying.senses.forms.queries import whole_answers

ROWS = [
    *factories.EXITS,
    {"type": "text", "name": "use", "label": "用途", "huying_registry": "premises.use"},
    {"type": "text", "name": "sort", "label": "种类", "huying_registry": "premises.kind"},
    {"type": "select_one yn", "name": "doors", "label": "门能打开吗", **factories.CHECK},
]


@pytest.fixture
def shop(cast: Cast) -> Premises:
    factories.published(ROWS, now=NOW)
    return make_shop(now=NOW, risk="green")


def fill(cast: Cast, shop: Premises, answers: dict[str, Any], **more: Any) -> Submission:
    told: dict[str, Any] = {"subject": ("premises", shop.uid), "position": (*IN_GRID_1, 5.0)} | more
    told |= {"op_id": uuid4(), "form": "small", "version": "1", "begun_at": NOW - timedelta(minutes=9), "ended_at": NOW}
    return forms.receive(actor=cast.tang_grid, now=NOW, answers=answers, **told)


def failing(cast: Cast, shop: Premises, **more: Any) -> Submission:
    """The passage is blocked: with a picture, a finding and a case."""
    files = factories.pictures(1, actor=cast.tang_grid, now=NOW)
    return fill(cast, shop, {"clear": "no", "_findings": {"clear": factories.failing([*files])}, **more}, files=files)


def correct(made: Submission, actor: Actor, changes: dict[str, Any], **more: Any) -> Submission:
    told = {"reason": "现场复核", "now": NOW + timedelta(hours=1)} | more
    return actions.correct_answers(made.uid, changes=changes, actor=actor, **told)  # type: ignore[arg-type]


def effects(number: int = 1) -> list[str]:
    return [one["what"] for one in Consequence.objects.get(number=number).effects]


CLEAR = {"clear": "yes", "_findings/clear": None}


def test_a_finding_that_no_longer_stands_is_withdrawn_and_its_case_has_a_note(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    finding = Finding.objects.get()
    with collected() as told:
        correct(made, cast.tang_grid, CLEAR)
    finding.refresh_from_db()
    case = Case.objects.get()
    assert (finding.state, finding.case_id, case.open) == ("withdrawn", case.pk, True)
    assert [one.finding_id for one in told if isinstance(one, FindingWithdrawn)] == [finding.pk]
    assert Entry.objects.filter(chain=f"case:{case.pk}", verb="note").count() == 1
    assert effects() == ["withdrawn", "case_noted"]
    (fact,) = [one for one in told if isinstance(one, SubmissionAmended)]
    follow_amendments([fact])
    assert Consequence.objects.count() == 1
    assert Entry.objects.filter(chain=f"case:{case.pk}", verb="note").count() == 1


def test_a_finding_that_now_stands_becomes_a_case_found_by_whoever_was_there(cast: Cast, shop: Premises) -> None:
    made = fill(cast, shop, {"clear": "yes"})
    files = factories.pictures(1, actor=cast.qian_supervisor, now=NOW)
    decided = {"clear": "no", "_findings/clear": factories.failing([*files])}
    with collected() as told:
        correct(made, cast.qian_supervisor, decided, files=files)
    finding = Finding.objects.select_related("case").get()
    assert (finding.state, finding.found_by_id, finding.found_at) == ("open_case", cast.tang_grid.person_id, NOW)
    assert finding.case is not None and finding.case.open and finding.photos.count() == 1
    assert [one.case_id for one in told if isinstance(one, FindingMade)] == [finding.case_id]
    assert effects() == ["new_case"]


def test_back_and_forth_it_is_one_finding_in_one_case(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    was = made.answers["_findings"]["clear"]
    correct(made, cast.tang_grid, CLEAR)
    correct(made, cast.tang_grid, {"clear": "no", "_findings/clear": was})
    finding = Finding.objects.get()
    assert (finding.state, finding.case_id, Case.objects.count()) == ("open_case", Case.objects.get().pk, 1)
    assert effects(2) == ["joined"]


def test_said_to_be_put_right_on_the_spot_after_all(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    after = factories.pictures(1, actor=cast.tang_grid, now=NOW)
    solved = made.answers["_findings"]["clear"] | {"how": "on_spot", "after": [str(one) for one in after]}
    correct(made, cast.tang_grid, {"_findings/clear": solved}, files=after)
    finding = Finding.objects.get()
    assert finding.state == "solved" and {one.stage for one in finding.photos.all()} == {"before", "after"}
    assert effects() == ["on_spot", "changed", "case_noted"]
    case_id = finding.case_id
    fails = made.answers["_findings"]["clear"] | {"days": 9}
    correct(made, cast.tang_grid, {"_findings/clear": fails})
    finding.refresh_from_db()
    assert (finding.state, finding.solved_at, finding.days) == ("open_case", None, 9)
    assert (finding.case_id, Case.objects.count()) == (case_id, 1) and effects(2) == ["joined"]
    close(finding)
    actions.close_reinspections(list(Finding.objects.all()), [], actor=system("field"), now=NOW)
    correct(made, cast.tang_grid, {"_findings/clear": fails | {"days": 8}})
    finding.refresh_from_db()
    assert (finding.state, finding.days, Case.objects.count()) == ("solved", 8, 1), "the closed case solved it"


def close(finding: Finding) -> None:
    publish(CaseClosed(case_id=finding.case_id or 0, at=NOW, by="x", late=False))


def test_nobody_looks_again_at_what_was_withdrawn(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    close(Finding.objects.get())
    assert Task.objects.get().state == "open"
    correct(made, cast.tang_grid, CLEAR)
    assert (Task.objects.get().state, Finding.objects.get().state) == ("ended", "withdrawn")
    assert "reinspection_ended" in effects()


def test_a_second_look_that_is_corrected_changes_what_became_of_the_first(cast: Cast, shop: Premises) -> None:
    failing(cast, shop)
    first = Finding.objects.get()
    close(first)
    again = fill(cast, shop, {"clear": "yes"}, task_uid=Task.objects.get().uid)
    first.refresh_from_db()
    assert first.state == "solved"
    files = factories.pictures(1, actor=cast.tang_grid, now=NOW)
    correct(again, cast.tang_grid, {"clear": "no", "_findings/clear": factories.failing([*files])}, files=files)
    first.refresh_from_db()
    second = Finding.objects.exclude(pk=first.pk).get()
    assert (first.state, first.solved_at, second.again_of_id) == ("again", None, first.pk)
    assert effects() == ["earlier_again", "new_case"]
    correct(again, cast.tang_grid, CLEAR)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("solved", "withdrawn")


# --- the registry ---------------------------------------------------------------------------------------------------


def test_a_value_the_registry_took_is_said_anew_and_taken_back(cast: Cast, shop: Premises) -> None:
    made = fill(cast, shop, {"clear": "yes", "use": "business"})
    shop.refresh_from_db()
    before = Premises.objects.get(pk=shop.pk)
    assert before.value("use") == "business"
    correct(made, cast.tang_grid, {"use": "mixed"})
    assert Premises.objects.get(pk=shop.pk).value("use") == "mixed" and effects() == ["registry_applied"]
    correct(made, cast.tang_grid, {"use": None})
    assert Premises.objects.get(pk=shop.pk).value("use") != "mixed"


def test_what_somebody_else_said_meanwhile_is_not_written_over(cast: Cast, shop: Premises) -> None:
    made = fill(cast, shop, {"clear": "yes", "use": "business"})
    version = Premises.objects.get(pk=shop.pk).version
    told: dict[str, Any] = {"kind": "premises", "uid": shop.uid, "base": version, "source": "desk"}
    editor = Actor("staff", "person:0", "易信息", duties=(Duty("registry_editor"),))
    change(actor=editor, now=NOW, changes={"use": "dwelling"}, **told)
    correct(made, cast.tang_grid, {"use": "mixed"})
    assert Premises.objects.get(pk=shop.pk).value("use") == "dwelling"
    assert Proposal.objects.get().state == "conflict" and effects() == ["registry_conflict"]


def test_a_proposal_that_waits_is_withdrawn_and_made_anew(cast: Cast, shop: Premises) -> None:
    made = fill(cast, shop, {"clear": "yes", "sort": "workshop"})
    first = Proposal.objects.get()
    assert first.state == "waiting"
    correct(made, cast.tang_grid, {"sort": "room"})
    first.refresh_from_db()
    second = Proposal.objects.exclude(pk=first.pk).get()
    assert (first.state, first.decided_by, second.state, second.fields) == ("declined", "", "waiting", ["kind"])
    assert "room" in str(second.values) and effects() == ["registry_withdrawn", "registry_waiting"]


# --- who, and what is refused ---------------------------------------------------------------------------------------


def test_what_is_refused_changes_nothing(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    late = NOW + timedelta(hours=72, seconds=1)
    entries = Entry.objects.count()
    for actor, changes, more, error in (
        (cast.ma_liuan, CLEAR, {}, NotFound),
        (cast.ji_discipline, CLEAR, {}, Forbidden),
        (cast.tang_grid, CLEAR, {"now": late}, Refused),
        (cast.tang_grid, CLEAR, {"reason": ""}, Invalid),
        (cast.tang_grid, {"clear": "maybe"}, {}, Invalid),
        (cast.tang_grid, {"nothing/such": 1}, {}, Invalid),
        (cast.tang_grid, {}, {}, Invalid),
        (cast.tang_grid, CLEAR, {"seen": 3}, Conflict),
    ):
        with pytest.raises(error):
            correct(made, actor, changes, **more)
    assert Entry.objects.count() == entries and not SubmissionRevision.objects.exists()
    assert Finding.objects.get().state == "open_case" and not Consequence.objects.exists()
    correct(made, cast.qian_supervisor, CLEAR, now=late)
    assert Finding.objects.get().state == "withdrawn"


def test_how_long_an_author_may_is_a_local_limit(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    told: dict[str, Any] = {"valid_from": NOW.date(), "source": "镇文件", "actor": cast.zhao_centre, "now": NOW}
    add_policy({"amend_hours": 0}, **told)
    with pytest.raises(Refused):
        correct(made, cast.tang_grid, CLEAR)
    assert not Consequence.objects.exists()


def test_a_phone_corrects_by_operation_once(cast: Cast, shop: Premises) -> None:
    made, op = failing(cast, shop), uuid4()
    body = {"submission": str(made.uid), "changes": CLEAR, "reason": "看错了"}
    for _turn in range(2):
        assert do("amendment", body, cast.tang_grid, id=op).state == "applied"
    assert SubmissionRevision.objects.count() == 1
    with pytest.raises(Invalid):
        do("amendment", body | {"changes": []}, cast.tang_grid)


# --- pages and the interface ----------------------------------------------------------------------------------------


@pytest.fixture
def at_noon(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=1))


def signed_in(actor: Actor) -> Client:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(account_of(actor))
    return client


@pytest.mark.usefixtures("at_noon")
def test_the_page_asks_for_a_reason_opens_the_form_and_takes_it(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop, keeper="张三丰")
    client, page = signed_in(cast.qian_supervisor), reverse("field-amend", args=[made.uid])
    shown = client.get(reverse("forms-submission", args=[made.uid])).content.decode()
    assert page in shown and "由更正带来的变化" not in shown
    assert "张三丰" not in client.get(page).content.decode()
    refused = client.post(page, {"reason": "", "do": "open"})
    assert refused.status_code == 422 and not AccessEntry.objects.exists()
    opened = client.post(page, {"reason": "现场复核", "do": "open"}).content.decode()
    assert json.dumps("张三丰") in opened
    assert AccessEntry.objects.get().what == ["keeper"]
    answers = {name: value for name, value in whole_answers(made).items() if name != "_findings"} | {"clear": "yes"}
    sent = {"reason": "现场复核，电话 13812345678", "do": "save", "seen": "0", "answers": json.dumps(answers)}
    assert client.post(page, sent | {"answers": "{"}).status_code == 422
    assert client.post(page, sent | {"seen": "4"}).status_code == 409 and not SubmissionRevision.objects.exists()
    done = client.post(page, sent, follow=True).content.decode()
    assert "第 1 次更正" in done and "由更正带来的变化" in done and "不再算不合格" in done and "张三丰" not in done
    assert "现场复核，电话" in done and "13812345678" not in done
    assert "已更正" in client.get(reverse("forms-submissions") + "?amended=1").content.decode()
    for actor, status in ((cast.he_sanitation, 404), (cast.ji_discipline, 403)):
        assert signed_in(actor).get(page).status_code == status
        assert signed_in(actor).post(page, sent).status_code == status


@pytest.mark.usefixtures("at_noon")
def test_the_interface_corrects_and_tells_what_followed(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop, keeper="张三丰")
    client = signed_in(cast.tang_grid)
    address = f"/api/v1/submissions/{made.uid}"
    given = {"changes": {**CLEAR, "keeper": "李四"}, "reason": "看错了，电话 13812345678", "op": str(uuid4())}
    for _turn in range(2):
        answer = client.post(f"{address}/amendments", given, content_type="application/json")
        assert answer.status_code == 200, answer.content
    told = client.get(address).json()
    assert told["state"] == "amended" and [one["number"] for one in told["versions"]] == [0, 1]
    assert {one["path"] for one in told["versions"][1]["changed"]} == {"clear", "keeper", "_findings/clear"}
    assert "13812345678" not in str(told["versions"]) and "看错了" in told["versions"][1]["reason"]
    assert "李四" not in str(told) and "张三" not in str(told)
    (one,) = client.get(f"{address}/consequences").json()
    assert [each["what"] for each in one["effects"]] == ["withdrawn", "case_noted"]
    (listed,) = client.get("/api/v1/submissions?amended=true").json()["items"]
    assert listed["uid"] == str(made.uid)
    assert client.get("/api/v1/submissions?area=x").status_code == 422
    stranger = signed_in(cast.he_sanitation)
    assert stranger.get(address).status_code == 404 and stranger.get(f"{address}/consequences").status_code == 404
    assert stranger.post(f"{address}/amendments", given, content_type="application/json").status_code == 404
    assert Client().get(address).status_code == 401


def test_what_a_correction_costs_does_not_grow_with_what_failed_before(cast: Cast, shop: Premises) -> None:
    def cost(made: Submission) -> int:
        with CaptureQueriesContext(connection) as asked:
            correct(made, cast.tang_grid, {"keeper": "李四"})
        return len(asked)

    one = cost(failing(cast, shop))
    for _turn in range(3):
        failing(cast, shop)
    assert cost(failing(cast, shop)) == one
