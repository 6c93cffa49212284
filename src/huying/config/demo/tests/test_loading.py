"""The demonstration loads through the front door: the same for a seed, once, resumable, provable, and it can be signed into."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from django.db.models import QuerySet
from django.test import Client

from huying.casework.cases.models import Case
from huying.casework.clocks.models import Clock
from huying.config import demo
from huying.config.demo import live, loading
from huying.config.demo.loading import History, Plan
from huying.kernel.trace import Entry, verify
from huying.senses.reports.models import Report

from .town import END

pytestmark = pytest.mark.django_db
COUNT, SPAN, PEOPLE = 50, 7, 60


def load(seed: int = 1) -> None:
    loading.load("community", seed, now=END, count=COUNT, days=SPAN, people=PEOPLE)


def voices() -> QuerySet[Report]:
    """The reports of the history; what its grid workers find on their inspections comes on top."""
    return Report.objects.exclude(source="field")


def figures() -> tuple[object, ...]:
    return (
        Counter(Case.objects.values_list("state", "item_code")),
        Counter(Entry.objects.filter(chain__startswith="case:").values_list("verb", flat=True)),
        Counter(Clock.objects.values_list("kind", "light", "stopped_why")),
    )


def test_a_load_is_whole_believable_and_provable() -> None:
    load()
    assert loading.is_loaded()
    assert voices().count() == COUNT
    assert voices().values("case").distinct().count() == COUNT
    assert not Case.objects.filter(opened_at__gt=END).exists()
    assert not Entry.objects.filter(at__gt=END).exists()
    states = set(Case.objects.values_list("state", flat=True))
    assert {"archived", "closed", "handling", "checking", "pending"} <= states
    assert Case.objects.filter(open=True, state="handling", suspensions__state="asked").exists()
    assert verify().ok
    before = figures()
    load()
    assert figures() == before
    for login in [one for one in demo.logins() if one["at"] == "/desk/"][:3]:
        client = Client()
        address = "/accounts/login/"
        answer = client.post(address, {"login": login["username"], "password": login["password"]})
        assert answer.status_code == 302, login
        assert "_auth_user_id" in client.session


def test_a_cut_off_load_goes_on_to_the_same_end(monkeypatch: pytest.MonkeyPatch) -> None:
    class PulledPlug(Exception):
        pass

    plan = Plan("community", 1, COUNT, SPAN, END)
    loading._begin(plan)
    history = History(plan, loading.Silent())
    lived = 0
    original = History._live

    def until_the_plug(self: History, *args: object) -> None:
        nonlocal lived
        lived += 1
        if lived > 9:
            raise PulledPlug
        original(self, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch, pytest.raises(PulledPlug):
        patch.setattr(History, "_live", until_the_plug)
        history.play()
    assert not loading.is_loaded()
    there = voices().count()
    assert 0 < there < COUNT
    loading.load(
        "district", 9, now=END + timedelta(days=1), people=PEOPLE
    )  # whatever is asked now: the begun one is finished
    assert loading.is_loaded()
    assert voices().count() == COUNT
    assert verify().ok
    assert Entry.objects.filter(chain="demo", verb="demo_begun").count() == 1


def test_life_goes_on_and_refusals_do_not_end_it() -> None:
    load()
    life = live.Life(END, Random(3))
    done = Counter(life.act(END + timedelta(minutes=2 * turn)) for turn in range(25))
    assert done["voice"] >= 2
    assert len(done) >= 4
    assert verify().ok


def test_no_pictures_pile_up_on_a_case_that_waits_for_something_else() -> None:
    load()
    life = live.Life(END, Random(3))
    waiting = Case.objects.filter(state="handling", suspensions__state="asked").first()
    assert waiting is not None
    before = waiting.attachments.count()
    assert not life._do("feedback", waiting.pk, END + timedelta(hours=1))
    assert waiting.attachments.count() == before


def test_the_pause_is_bounded_and_longer_at_night() -> None:
    noon = END.replace(hour=14)
    pauses = [live.pause_at(noon, Random(n)) for n in range(50)]
    assert min(pauses) >= 1.0
    assert min(live.pause_at(noon.replace(hour=3), Random(n)) for n in range(50)) > max(pauses)
