"""The demonstration's field work shows something on every page, at rates that look real, and making it again changes nothing."""

from __future__ import annotations

import io
from datetime import timedelta
from uuid import uuid5

import pytest
from django.utils import timezone
from PIL import Image

from huying.casework.cases.factories import GRID_1, NOW, Cast
from huying.kernel.actor import system
from huying.kernel.files import accept_upload
from huying.kernel.models import StoredFile
from huying.senses.field import demo_walks
from huying.senses.field.demo import make_field_work
from huying.senses.field.factories import make_shop
from huying.senses.field.models import CheckIn, Finding, SpotCheck, Task
from huying.senses.field.queries_board import board
from huying.senses.field.rules import TASKS
from huying.senses.forms.actions import load_shipped
from huying.senses.forms.models import Submission, SubmissionFile

SHOPS = 60


@pytest.fixture
def town(cast: Cast) -> StoredFile:
    """Shops of every risk, the forms, and the picture that stands for all."""
    load_shipped(actor=system("test"), now=NOW - timedelta(days=60))
    made = NOW - timedelta(days=60)
    for number in range(SHOPS):
        risk = "red" if number % 20 == 0 else ("yellow", "green")[number % 2]
        uid = uuid5(TASKS, f"shop {number}")
        make_shop(f"店{number}", now=made, small_kind="shop", risk=risk, uid=uid)
    drawn = io.BytesIO()
    Image.new("RGB", (32, 24), "olive").save(drawn, "JPEG")
    drawn.seek(0)
    return accept_upload(drawn, actor=system("test"), now=made)


def test_a_month_of_field_work(cast: Cast, town: StoredFile) -> None:
    total = make_field_work(now=NOW, picture=town)
    assert total == Task.objects.count() > 60
    states = set(Task.objects.filter(area=GRID_1).values_list("state", flat=True))
    assert states == {"open", "done", "skipped"}
    assert CheckIn.objects.exists() and SpotCheck.objects.exists()
    filled = Task.objects.filter(state="done", plan__isnull=False)
    assert set(filled.values_list("submission", flat=True)) == set(Submission.objects.values_list("uid", flat=True))
    assert SubmissionFile.objects.count() >= Submission.objects.count() == filled.count() > 30
    assert Finding.objects.filter(submission__in=Submission.objects.values("uid")).exists()
    assert not Task.objects.filter(done_at__gte=NOW).exists()
    hours = {timezone.localtime(one).hour for one in filled.values_list("done_at", flat=True)}
    assert hours <= set(range(8, 18))  # nobody calls at night
    assert make_field_work(now=NOW, picture=town) == 0 and Task.objects.count() == total


def test_its_rates_look_real_and_a_little_is_late(cast: Cast, town: StoredFile) -> None:
    make_field_work(now=NOW, picture=town)
    whole = board(cast.qian_supervisor, since=NOW - timedelta(days=30), until=NOW, now=NOW, area=GRID_1).whole
    assert whole.done_share is not None and 85 <= whole.done_share <= 99
    assert (
        whole.in_time_share is not None and 65 <= whole.in_time_share <= 97
    )  # half of these shops are watched closely
    assert whole.late and whole.overdue + whole.skipped


def test_more_than_can_be_filled_in_is_written_down(
    cast: Cast, town: StoredFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_walks, "MOST_FILLED", 5)
    make_field_work(now=NOW, picture=town)
    done = Task.objects.filter(state="done", plan__isnull=False)
    assert 4 <= Submission.objects.count() <= 20 < done.count()
    assert done.filter(submission__isnull=True, done_by__isnull=False, done_at__isnull=False).exists()


def test_without_a_picture_no_form_is_filled_in(cast: Cast, town: StoredFile) -> None:
    make_field_work(now=NOW)
    assert Task.objects.filter(state="done").exists() and not Submission.objects.exists()


def test_a_day_has_the_workers_of_its_grids(cast: Cast, town: StoredFile) -> None:
    crew = demo_walks.crew_of(NOW)
    assert [one.name for one in crew.of(GRID_1)] == ["唐网格"] and crew.of("990101001009001") == ()
