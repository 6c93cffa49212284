"""The demonstration's field work shows something on every page, and making it again changes nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid5

from huying.casework.cases.factories import GRID_1, NOW, Cast
from huying.senses.field.demo import make_field_work
from huying.senses.field.factories import make_form, make_shop
from huying.senses.field.models import CheckIn, Finding, SpotCheck, Task
from huying.senses.field.rules import TASKS


def test_a_month_of_field_work(cast: Cast) -> None:
    make_form("small_premises_fire", now=NOW)
    for number in range(18):
        made = NOW - timedelta(days=60)
        make_shop(
            f"店{number}",
            now=made,
            small_kind="shop",
            risk=("red", "yellow", "green")[number % 3],
            uid=uuid5(TASKS, f"shop {number}"),
        )
    total = make_field_work(now=NOW)
    assert total == Task.objects.count() > 30
    states = set(Task.objects.filter(area=GRID_1).values_list("state", flat=True))
    assert states == {"open", "done", "skipped"}
    assert Task.objects.filter(done_late=True).exists() and Finding.objects.exists()
    assert CheckIn.objects.exists() and SpotCheck.objects.exists()
    assert make_field_work(now=NOW) == 0 and Task.objects.count() == total
