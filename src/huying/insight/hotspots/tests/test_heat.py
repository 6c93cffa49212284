from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from huying.insight.hotspots.heat import Figures, Weights, figures_of, heat

from .messages import matter, message

some = st.floats(0, 1000)
figures = st.builds(
    Figures,
    voices=st.integers(1, 10_000),
    net_likes=st.integers(-1000, 100_000),
    recent_share=st.floats(0, 1),
    days_since_last=st.none() | some,
    span_days=some,
    official=st.integers(0, 10_000),
)
weights = st.builds(Weights, messages=some, likes=some, growth=some, recency=some, span=some, official=some)


@given(figures, weights, st.integers(0, 1000))
def test_heat_never_falls_when_a_part_rises(before, weight, more):
    now = heat(before, weight).total
    assert now >= 0
    changes = [
        {"voices": before.voices + more},
        {"net_likes": before.net_likes + more},
        {"span_days": before.span_days + more},
        {"official": before.official + more},
    ]
    changes.append({"recent_share": min(1.0, before.recent_share + more / 1000)})
    changes.append({"days_since_last": None if before.days_since_last is None else before.days_since_last / (1 + more)})
    for change in changes:
        assert heat(replace(before, **change), weight).total >= now - 1e-9


@given(figures)
def test_the_parts_explain_the_whole(some_figures):
    parts = heat(some_figures)
    assert parts.total == pytest.approx(sum(asdict(parts).values()))


def test_what_officials_report_weighs_less_than_one_more_resident():
    residents, patrolled = heat(Figures(2)).total, heat(Figures(2, official=10)).total
    assert residents < patrolled < heat(Figures(3)).total


def test_one_person_writing_often_is_one_voice():
    often = [message(str(number), "停水", day=number, user="u1", likes=2, dislikes=1) for number in range(3)]
    found = figures_of(often, often[-1].time + timedelta(days=1))
    assert found == Figures(voices=1, net_likes=3, recent_share=1.0, days_since_last=1.0, span_days=2.0)
    assert figures_of(matter("noise"), matter("noise")[-1].time).voices == 4


def test_old_news_cools_by_half_each_half_life():
    fresh, old = heat(Figures(5, days_since_last=0)), heat(Figures(5, days_since_last=30))
    assert old.recency == pytest.approx(fresh.recency / 2)


@pytest.mark.parametrize("wrong", [{"messages": -1}, {"half_life_days": 0}, {"recent_days": 0}])
def test_weights_without_sense_are_refused(wrong):
    with pytest.raises(ValueError, match="at least 0"):
        Weights(**wrong)
