"""The demonstration's organisation: complete, deterministic, quick to load."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

import pytest

from huying.ground.accounts.models import User
from huying.ground.organisation import access, queries, rules
from huying.ground.organisation.factories import NOW, TODAY
from huying.ground.organisation.fictional import DEMO_LOGINS, DEMO_PASSWORD, load, plan, read_items, read_trades
from huying.kernel.actor import SYSTEM


@dataclass(frozen=True)
class Spot:
    code: str
    name: str
    name_en: str = ""
    kind: str = ""


def spots(towns: int = 6, communities: int = 50, grids: int = 1000) -> list[Spot]:
    made = [Spot("990101", "澄江区", "Chengjiang")]
    made += [Spot(f"990101{t + 1:03d}", f"第{t + 1}街道", f"Street {t + 1}") for t in range(towns)]
    codes = [f"990101{c % towns + 1:03d}{c // towns + 1:03d}" for c in range(communities)]
    made += [Spot(code, f"{code[-6:]}社区", f"Community {code[-6:]}") for code in codes]
    made += [Spot(f"{codes[g % communities]}{g // communities + 1:03d}", "网格", kind="general") for g in range(grids)]
    return made


def test_the_same_seed_gives_the_same_plan() -> None:
    small = spots(2, 4, 12)
    assert plan(small, today=TODAY) == plan(small, today=TODAY)
    assert plan(small, today=TODAY, seed=2) != plan(small, today=TODAY)


def test_every_trade_has_a_holder_in_every_street() -> None:
    made = plan(spots(), today=TODAY)
    for trade in read_trades():
        holders = [unit.area for unit in made.units if trade.code in unit.trades]
        assert holders, trade.code
        if trade.level in {"L2", "L3"}:
            assert len(holders) >= 6, trade.code


def test_nobody_stands_in_two_places_and_duty_posts_have_no_gap() -> None:
    made = plan(spots(2, 4, 12), today=TODAY)
    by_person: dict[str, list[rules.Span]] = {}
    by_post: dict[tuple[str, str], list[rules.Span]] = {}
    for row in made.shifts:
        span = rules.Span(int(row.person), row.starts_at, row.ends_at)
        assert not rules.clashes(by_person.get(row.person, []), span)
        by_person.setdefault(row.person, []).append(span)
        by_post.setdefault((row.unit, row.role), []).append(span)
    for spans in by_post.values():
        since, until = min(each.starts_at for each in spans), max(each.ends_at for each in spans)
        assert rules.gaps(spans, since=since, until=until) == []
        assert until - since >= timedelta(days=37)


@pytest.mark.django_db
def test_a_district_loads_quickly_and_routes() -> None:
    made = plan(spots(), today=TODAY)
    started = perf_counter()
    loaded = load(made, actor=SYSTEM, now=NOW)
    assert perf_counter() - started < 15  # aim: 5 s on an idle machine
    assert loaded.units > 100 and 600 <= loaded.people <= 900
    found = queries.directory(on=TODAY)
    grid = "990101001001001"
    for item in read_items():
        assert found.unit_for_trade(item.lead_trade, grid) is not None, item.code
    assert found.on_duty(found.unit_by_code("990101-centre").id, "seat", NOW) is not None  # type: ignore[union-attr]
    assert found.grid_worker(grid, NOW) is not None
    report = queries.staffing([spot.code for spot in spots() if len(spot.code) == 15], on=TODAY)
    complete = sum(each.complete for each in report) / len(report)
    assert 0.85 < complete < 1


@pytest.mark.django_db
def test_one_login_per_role() -> None:
    load(plan(spots(2, 4, 12), today=TODAY), actor=SYSTEM, now=NOW)
    for login in DEMO_LOGINS:
        user = User.objects.get(username=login.username)
        assert user.check_password(DEMO_PASSWORD)
        assert access.actor_for(user, now=NOW).has(login.role), login.username
    assert User.objects.residents().count() == 3
    roles = Counter(login.role for login in DEMO_LOGINS)
    assert set(roles) >= set(rules.ROLES) - {"grid_lead", "assistant"}
