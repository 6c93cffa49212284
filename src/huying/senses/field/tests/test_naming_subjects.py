"""What a case from the field is about: named by a free report of the phone, and afterwards for cases opened before."""

from __future__ import annotations

from importlib import import_module
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.actions.following import part_subject
from huying.casework.cases.factories import GRID_1, IN_GRID_1, NOW, Cast
from huying.casework.cases.models import Case
from huying.casework.cases.subjects import via
from huying.ground.registry.models import Organisation, Premises
from huying.kernel.errors import Invalid
from huying.senses.alarms.factories import make_alarm
from huying.senses.devices.factories import make_device, make_keeper
from huying.senses.field.factories import make_shop
from huying.senses.field.models import Finding

from .test_correcting import failing, shop
from .test_phone import send

__all__ = ["shop"]
backfill = import_module("huying.senses.field.migrations.0005_subjects_of_cases")


def report(cast: Cast, about: Any) -> Case:
    body = {"text": f"门前堆了垃圾 {uuid4()}", "item": "0101", "lon": IN_GRID_1[0], "lat": IN_GRID_1[1], "about": about}
    send("report", body, cast.tang_grid)
    return Case.objects.latest("pk")


def test_a_report_written_from_a_file_is_about_it(cast: Cast) -> None:
    shop = make_shop(now=NOW)
    firm = Organisation.objects.create(
        name="老王餐饮", kind="company", premises=shop, area=shop.area, checked_at=NOW, created_at=NOW
    )
    kept = make_shop("合并后", now=NOW)
    gone = make_shop("合并前", now=NOW, state="merged", merged_into=kept)
    for kind, uid, marks in (
        ("premises", shop.uid, [f"premises:{shop.uid}"]),
        ("organisation", firm.uid, [f"organisation:{firm.uid}", f"premises:{shop.uid}"]),
        ("premises", gone.uid, [f"premises:{kept.uid}"]),
        ("premises", uuid4(), None),
        ("person", shop.uid, None),
        ("premises", "", None),
    ):
        assert report(cast, {"kind": kind, "uid": str(uid)}).subjects == marks
    assert report(cast, None).subjects is None and report(cast, "x").subjects is None
    before = Case.objects.count()
    with pytest.raises(Invalid):
        report(cast, {"kind": "premises", "uid": "nothing"})
    assert Case.objects.count() == before


def test_a_report_written_from_a_file_is_where_the_registry_has_that(cast: Cast) -> None:
    shop = make_shop(now=NOW)
    for about, grid in (({"kind": "premises", "uid": str(shop.uid)}, GRID_1), (None, "")):
        body = {"text": f"门前堆了垃圾 {uuid4()}", "item": "0101", "place": "没有这个地方", "about": about}
        send("report", body, cast.tang_grid)
        assert Case.objects.latest("pk").grid == grid


def test_cases_opened_before_name_what_they_are_about(cast: Cast, shop: Premises) -> None:
    failing(cast, shop)
    found = Finding.objects.get()
    keeper = make_keeper(cast)
    device = make_device(keeper, premises_uid=shop.uid)
    other = report(cast, None)
    alarm = make_alarm(device, NOW, case=other)
    kept = make_shop("合并后", now=NOW)
    Premises.objects.filter(pk=shop.pk).update(state="merged", merged_into=kept.uid)
    Case.objects.update(subjects=None)
    bare = report(cast, None)
    backfill.name_subjects(apps, None)
    both = [f"premises:{shop.uid}", f"premises:{kept.uid}", via(f"premises:{shop.uid}", f"premises:{kept.uid}")]
    assert Case.objects.get(pk=found.case_id).subjects == both
    assert Case.objects.get(pk=alarm.case_id).subjects == [f"device:{device.code}", *both]
    assert Case.objects.get(pk=bare.pk).subjects is None
    with CaptureQueriesContext(connection) as asked:
        backfill.name_subjects(apps, None)
    assert not [one for one in asked.captured_queries if one["sql"].startswith("UPDATE")]


def test_undoing_a_merge_made_before_reaches_the_cases_filled_in(cast: Cast, shop: Premises) -> None:
    failing(cast, shop)
    middle, last = make_shop("中间", now=NOW), make_shop("最后", now=NOW)
    merge(shop, middle)
    merge(middle, last)
    Case.objects.update(subjects=None)
    backfill.name_subjects(apps, None)
    named = [f"premises:{one.uid}" for one in (shop, middle, last)]
    (row,) = Case.objects.filter(subjects__contains=named)
    part_subject(gone=named[1], kept=named[2])
    row.refresh_from_db()
    assert named[2] not in row.subjects and named[1] in row.subjects
    part_subject(gone=named[0], kept=named[1])
    row.refresh_from_db()
    assert row.subjects == named[:1]


def test_marks_written_without_a_word_of_why_get_it(cast: Cast, shop: Premises) -> None:
    kept = make_shop("合并后", now=NOW)
    pair = [f"premises:{shop.uid}", f"premises:{kept.uid}"]
    followed, joined = report(cast, {"kind": "premises", "uid": str(shop.uid)}), report(cast, None)
    failing(cast, kept)
    itself = Case.objects.get(pk=Finding.objects.get().case_id)
    merge(shop, kept)
    Case.objects.filter(pk__in=[followed.pk, itself.pk]).update(subjects=pair)
    Case.objects.filter(pk=joined.pk).update(subjects=pair[1:])
    for _turn in range(2):
        backfill.name_subjects(apps, None)
        marks = {one.pk: one.subjects for one in Case.objects.filter(pk__in=[followed.pk, joined.pk, itself.pk])}
        assert marks == {followed.pk: [*pair, via(*pair)], joined.pk: pair[1:], itself.pk: pair}
    part_subject(gone=pair[0], kept=pair[1])
    followed.refresh_from_db()
    assert followed.subjects == pair[:1]


def merge(gone: Premises, kept: Premises) -> None:
    """As it was merged before cases followed."""
    Premises.objects.filter(pk=gone.pk).update(state="merged", merged_into=kept.uid)


def test_the_backfill_goes_in_batches_and_leaves_what_is_named(
    cast: Cast, shop: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _turn in range(3):
        failing(cast, shop)
    Case.objects.update(subjects=["device:cam-7"])
    monkeypatch.setattr(backfill, "BATCH", 1)
    backfill.name_subjects(apps, None)
    for case in Case.objects.filter(pk__in=Finding.objects.values("case")):
        assert case.subjects == ["device:cam-7", f"premises:{shop.uid}"]
