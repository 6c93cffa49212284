import pytest

from huying.insight.hotspots.likeness import features
from huying.insight.hotspots.naming import named, problem_in

from .messages import matter


def name_of(messages):
    return named([(one.title, features(one.title, one.text)) for one in messages])


def test_a_group_is_named_by_place_and_problem():
    naming = name_of(matter("noise"))
    assert naming.place == "丽景花园小区" or naming.place == "丽景花园"
    assert naming.name.startswith(naming.place + "：")
    assert "施工" in naming.problem or "打桩" in naming.problem


@pytest.mark.parametrize("which", ["noise", "lift", "other", "subsidy", "alone"])
def test_names_are_short_and_without_polite_openings(which):
    naming = name_of(matter(which))
    assert 4 <= len(naming.name) <= 32
    assert not naming.problem.startswith(("投诉", "请", "关于", "建议", "的"))
    assert not naming.problem.endswith(("问题", "？", "的"))
    assert naming.place not in naming.problem


def test_a_scheme_is_a_place_too():
    assert name_of(matter("subsidy")).place.startswith("青苗创业")


@pytest.mark.parametrize(
    ("title", "places", "problem"),
    [
        ("投诉A市A2区丽景花园小区夜间施工噪音扰民的问题", ["丽景花园小区"], "夜间施工噪音扰民"),
        ("关于丽景花园停水的投诉", ["丽景花园"], "停水"),
        ("A市地铁施工扰民，请管管！", [], "地铁施工扰民,请管管"),
    ],
)
def test_the_problem_in_a_title(title, places, problem):
    assert problem_in(title, places) == problem


def test_nothing_to_name():
    assert name_of([]).name == ""
