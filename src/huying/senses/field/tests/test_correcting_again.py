"""Corrections after corrections, and two at one moment: nothing is lost, and what runs already hears of it."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4, uuid5

import pytest
from django.db import connection, transaction
from django.urls import reverse

from huying.casework.cases.factories import GRID_1, NOW, Cast, make_cast
from huying.casework.cases.models import Attachment, Case
from huying.ground.registry.models import Premises
from huying.kernel.facts import collected
from huying.kernel.trace.export import export_text
from huying.kernel.trace.models import Entry
from huying.senses.field import actions
from huying.senses.field.actions import correcting
from huying.senses.field.factories import make_shop
from huying.senses.field.models import Finding, Task
from huying.senses.forms import factories
from huying.senses.forms.facts import SubmissionAmended
from huying.senses.forms.models import Submission, SubmissionRevision
from huying.senses.forms.queries import whole_answers
from huying.senses.reports.models import Report

from .test_correcting import CLEAR, ROWS, at_noon, close, correct, effects, failing, fill, shop, signed_in

__all__ = ["at_noon", "shop"]


def test_a_graver_finding_brings_its_new_pictures(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    more = factories.pictures(1, actor=cast.tang_grid, now=NOW)
    said = made.answers["_findings"]["clear"]
    graver = said | {"severity": "at_once", "days": 1, "photos": [*said["photos"], *map(str, more)]}
    correct(made, cast.tang_grid, {"_findings/clear": graver}, files=more)
    finding = Finding.objects.get()
    assert (finding.severity, finding.days, finding.photos.count()) == ("at_once", 1, 2)
    assert effects() == ["changed", "case_noted", "case_urgent"]
    kept = Attachment.objects.filter(case=finding.case_id)
    assert kept.count() == 2 and not {one.file_id for one in kept} & {one.file_id for one in finding.photos.all()}
    said = export_text(f"case:{finding.case_id}", disclose=True)
    assert "改为：立即，1 天内改好" in said and "补了照片 1 张" in said and "其他不合格项" not in said


@pytest.mark.usefixtures("at_noon")
def test_a_finding_that_has_to_be_handled_at_once_makes_its_case_urgent(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    said = made.answers["_findings"]["clear"]
    case = Case.objects.get()
    due = case.due_at
    correct(made, cast.tang_grid, {"_findings/clear": said | {"severity": "minor"}})
    assert not Case.objects.get().urgent, "only what has to be handled at once is urgent, as when a case is opened"
    correct(made, cast.tang_grid, {"_findings/clear": said | {"severity": "at_once"}}, reason="煤气味很重")
    case.refresh_from_db()
    assert (case.urgent, case.due_at) == (True, due)
    entry = Entry.objects.get(chain=f"case:{case.pk}", verb="make_urgent")
    assert entry.actor_ref == "system:field" and "煤气味很重" in export_text(f"case:{case.pk}", disclose=True)
    assert effects(2) == ["changed", "case_noted", "case_urgent"]
    page = signed_in(cast.tang_grid).get(reverse("forms-submission", args=[made.uid])).content.decode()
    assert "事件已列为紧急" in page and "承办的人已知道" not in page, "nobody has it yet"
    correct(made, cast.tang_grid, {"_findings/clear": said | {"severity": "minor"}})
    assert Case.objects.get().urgent, "whoever handles it decides; a correction never calms it"
    correct(made, cast.tang_grid, {"_findings/clear": said | {"severity": "at_once", "days": 1}})
    assert Entry.objects.filter(verb="make_urgent").count() == 1 and effects(4) == ["changed", "case_noted"]


def test_a_case_that_is_over_is_not_made_urgent(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    said = made.answers["_findings"]["clear"]
    Case.objects.update(state="archived", open=False)
    correct(made, cast.tang_grid, {"_findings/clear": said | {"severity": "at_once"}})
    assert not Case.objects.get().urgent and effects() == ["changed", "case_shut"]
    assert not Entry.objects.filter(verb="make_urgent").exists()


def test_two_corrections_of_single_answers_at_the_same_moment_both_hold(transactional_db: None) -> None:
    cast = make_cast()
    factories.published(ROWS, now=NOW)
    made = fill(cast, make_shop(now=NOW, risk="green"), {"clear": "yes"})
    done: list[int] = []

    def other() -> None:
        try:
            correct(made, cast.qian_supervisor, {"sort": "room"})
            done.append(1)
        finally:
            connection.close()

    thread = threading.Thread(target=other)
    with transaction.atomic():
        correct(made, cast.tang_grid, {"use": "mixed"})
        thread.start()
        thread.join(1.5)
        assert thread.is_alive(), "it waits for the first one"
    thread.join(30)
    assert done and whole_answers(Submission.objects.get()) == {"clear": "yes", "use": "mixed", "sort": "room"}


def test_a_correction_sent_again_is_known_whatever_it_says(cast: Cast, shop: Premises) -> None:
    made, op = failing(cast, shop), uuid4()
    correct(made, cast.tang_grid, CLEAR, op=op)
    assert correct(made, cast.tang_grid, {"nothing/such": 1}, op=op).pk == made.pk
    assert SubmissionRevision.objects.count() == 1


def test_one_that_fails_again_and_a_fresh_one_of_a_kind_are_one_voice(cast: Cast, shop: Premises) -> None:
    made = failing(cast, shop)
    was = made.answers["_findings"]["clear"]
    correct(made, cast.tang_grid, CLEAR)
    more = factories.pictures(1, actor=cast.tang_grid, now=NOW)
    both = {"clear": "no", "_findings/clear": was, "doors": "no", "_findings/doors": factories.failing([*more])}
    correct(made, cast.tang_grid, both, files=more)
    case = Case.objects.get()
    assert set(Finding.objects.values_list("state", "case")) == {("open_case", case.pk)}
    assert Report.objects.filter(case=case).count() == 2, "as it came, and what the correction says"
    assert "门能打开吗" in Report.objects.latest("pk").text and effects(2) == ["joined", "joined"]
    assert Attachment.objects.filter(case=case).count() == 3


def test_a_second_look_is_named_after_what_is_left_to_look_at(cast: Cast, shop: Premises) -> None:
    files = factories.pictures(2, actor=cast.tang_grid, now=NOW)
    one, two = files
    decided = {"clear": factories.failing([one], days=2), "doors": factories.failing([two], days=9)}
    made = fill(cast, shop, {"clear": "no", "doors": "no", "_findings": decided}, files=files)
    close(Finding.objects.order_by("id")[0])
    task = Task.objects.get()
    assert "通道" in task.title
    correct(made, cast.tang_grid, CLEAR)
    left = Task.objects.get()
    assert left.state == "open" and "门能打开吗" in left.title and "通道" not in left.title
    assert left.due_at == task.due_at + timedelta(days=7)
    said = made.answers["_findings"]["doors"]
    correct(made, cast.tang_grid, {"_findings/doors": said | {"days": 5}})
    assert Task.objects.get().due_at == task.due_at + timedelta(days=3)


def test_a_correction_holds_what_its_form_created_and_the_place_of_its_task(
    cast: Cast, shop: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fill(cast, shop, {"clear": "yes"})
    with collected() as told:
        correct(made, cast.tang_grid, {"use": "mixed"})
    (fact,) = [one for one in told if isinstance(one, SubmissionAmended)]
    close_to = Task(uid=uuid4(), source="x", source_key="x", kind="inspect", title="x", area=GRID_1)
    close_to.submission, close_to.premises_uid, close_to.state = fact.op, shop.uid, "ended"
    close_to.opens_at, close_to.due_at, close_to.closed_at = NOW, NOW + timedelta(days=1), NOW
    close_to.save()
    bare = replace(
        fact, number=2, subject_kind="", subject_uid=None, registry={"facility.name": "栓"},
        registry_before={"organisation.name": "店"},
    )  # fmt: skip
    held: set[Any] = set()

    class Enough(Exception):
        pass

    def hold(about: Any, **_more: Any) -> None:
        held.update(about)
        raise Enough

    monkeypatch.setattr(correcting, "hold", hold)
    with pytest.raises(Enough):
        actions.follow_amendment(bare, actor=cast.tang_grid, now=NOW)
    born = {(kind, uuid5(fact.op, f"new/{kind}")) for kind in ("facility", "organisation")}
    assert held == born | {("premises", shop.uid)}
