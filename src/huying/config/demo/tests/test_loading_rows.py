"""The bulk way and the single way write the same rows: the same acts are taken both ways and compared."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import models, transaction

from huying.casework.cases import models as cases
from huying.casework.clocks import models as clocks
from huying.casework.clocks.actions import turn_lights
from huying.config.demo import loading
from huying.config.demo.acting import perform
from huying.config.demo.album import Album
from huying.config.demo.apply import Bulk
from huying.config.demo.crew import Crew
from huying.config.demo.founding import found
from huying.config.demo.intake import Known, take_in_past
from huying.config.demo.loading import History, Plan
from huying.config.demo.rhythm import VoicedReport
from huying.config.demo.roles import Stage
from huying.config.demo.script import Act
from huying.config.demo.steps import STEPS
from huying.kernel.progress import Silent
from huying.kernel.trace import Entry
from huying.senses.reports import models as reports

from .town import END

pytestmark = pytest.mark.django_db
PLAN = Plan("community", 1, 500, 60, END)
MARKS = ("objected", "suspended", "extended", "redo", "merged", "declined", "late")
WRITTEN: tuple[type[models.Model], ...] = (
    cases.Case, cases.Assignment, cases.Objection, cases.Extension, cases.Suspension, cases.Milestone, cases.Feedback,
    cases.Check, cases.ReturnCall, cases.Attachment, clocks.Clock, clocks.ClockChange, clocks.Warning, reports.Report,
    reports.ReportPhoto, reports.Telling,
)  # fmt: skip
OWN = {"transaction", "file_id", "tracking_code", "mark", "contact_id", "terms", "edition"}  # other each time, rightly


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    # An act taken singly rests on pictures that are there.
    monkeypatch.setattr(loading, "PICTURES", PLAN.end - PLAN.began)
    found("community", 1, began=PLAN.began, now=PLAN.end)
    return History(PLAN, Silent())


def chosen(written: Sequence[VoicedReport]) -> list[VoicedReport]:
    """A few matters of every kind of fate, with those they were merged into."""
    found_: dict[str, VoicedReport] = {}
    by_id = {one.source_id: one for one in written}
    for mark in MARKS:
        for one in [one for one in written if mark in one.fate.marks][:3]:
            found_[one.source_id] = one
            if one.fate.into:
                found_[one.fate.into] = by_id[one.fate.into]
    pictured = [one for one in written if one.photo and one.at > PLAN.end - loading.PICTURES]
    for one in (*written[:12], *pictured[:3]):
        found_[one.source_id] = one
    return sorted(found_.values(), key=lambda one: one.at)


class Rolled(Exception):
    pass


def rows_after(known: Sequence[Known], play: Callable[[], None]) -> dict[str, Any]:
    """The rows that playing leaves, read and then rolled back."""
    seen: dict[str, Any] = {}
    with pytest.raises(Rolled), transaction.atomic():
        play()
        seen.update(snapshot())
        raise Rolled
    return seen


def snapshot() -> dict[str, Any]:
    ranks = {
        model: {pk: n for n, pk in enumerate(model._default_manager.order_by("pk").values_list("pk", flat=True))}
        for model in WRITTEN
    }
    found_: dict[str, Any] = {}
    for model in WRITTEN:
        fields = [one for one in model._meta.concrete_fields if one.attname not in OWN]
        found_[model.__name__] = [
            {one.attname: _plain(one, getattr(row, one.attname), ranks) for one in fields}
            for row in model._default_manager.order_by("pk")
        ]
    found_["Telling"].sort(key=lambda row: (row["at"], row["report_id"], row["kind"]))  # told in no order
    entries = Entry.objects.filter(chain__startswith="case:").order_by("chain", "seq")
    found_["Entry"] = sorted(
        (
            ranks[cases.Case][int(one.chain[5:])], one.seq, one.at, one.actor_ref, one.actor_name, one.actor_unit,
            one.verb, _body(one.body, ranks), _said(one.commitments) if one.seq > 1 else [],
        )
        for one in entries
    )  # fmt: skip
    return found_


def _plain(field: models.Field[Any, Any], value: Any, ranks: dict[type[models.Model], dict[int, int]]) -> Any:
    target = field.remote_field.model if field.remote_field else type(None)
    if field.primary_key:
        return None
    return ranks[target].get(value) if target in ranks else value


def _said(commitments: str) -> list[str]:
    """What kinds of texts an entry keeps; the mark of whose they are is another each time."""
    return sorted(label.partition(":")[0] for label in json.loads(commitments or "{}"))


def _body(text: str, ranks: dict[type[models.Model], dict[int, int]]) -> str:
    body = json.loads(text)
    return json.dumps(
        {
            name: ranks[cases.Case].get(value, value) if name in ("into", "from") and isinstance(value, int) else value
            for name, value in body.items()
            if name != "order"  # orders are numbered on and on, also those that were rolled back
        },
        sort_keys=True,
    )


def test_bulk_and_single_leave_the_same_rows(history: History) -> None:
    told = chosen(history.written())
    acts: list[Act] = [act for act in history.script(told) if act.verb in STEPS]
    assert {act.verb for act in acts} >= set(STEPS) - {"designate", "redispatch", "resume", "milestone"}
    known = take_in_past(told, history.stage.crew, now=PLAN.end)
    places = {one.told.source_id: one for one in known}
    # What the classifier took for another kind was told without the pictures that kind needs.
    kinds = dict(cases.Case.objects.values_list("pk", "item_code"))
    acts = [act for act in acts if kinds[places[act.source_id].case_id] == places[act.source_id].told.item_code]
    thirds = [acts[: len(acts) // 3], acts[len(acts) // 3 : 2 * len(acts) // 3], acts[2 * len(acts) // 3 :]]

    def singly() -> None:
        stage = Stage(Crew(PLAN.end), Album(PLAN.began), dict(places))
        for part in thirds:
            for act in part:
                perform(act, stage)
            turn_lights(now=part[-1].at)

    def in_bulk() -> None:
        bulk = Bulk(Stage(Crew(PLAN.end), Album(PLAN.began), dict(places)))
        for part in thirds:
            bulk.play(part)
            turn_lights(now=part[-1].at)

    one, other = rows_after(known, singly), rows_after(known, in_bulk)
    assert len(one["Entry"]) > len(acts)
    for name, rows in one.items():
        assert len(rows) == len(other[name]), name
        for mine, yours in zip(rows, other[name], strict=True):
            assert mine == yours, name
