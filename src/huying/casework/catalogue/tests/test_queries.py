"""The catalogue of a day: immutable, cached, cheap; and search while typing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from huying.casework.catalogue import actions, queries
from huying.casework.catalogue.factories import EDITOR, NOW, SINCE, TODAY, begin_draft, publish_seed
from huying.casework.catalogue.models import Item
from huying.kernel.errors import NotFound

pytestmark = pytest.mark.django_db


def test_before_anything_is_published_the_catalogue_is_empty() -> None:
    catalogue = queries.current(TODAY)
    assert (catalogue.version_number, catalogue.items, catalogue.classes) == (0, (), ())
    with pytest.raises(NotFound):
        catalogue.item("0101")


def test_a_known_catalogue_costs_one_query_and_is_the_same_object(django_assert_num_queries) -> None:
    publish_seed()
    first = queries.current(TODAY)
    with django_assert_num_queries(1):
        assert queries.current(TODAY + timedelta(days=3)) is first
    assert len(first.classes) == 16
    assert sum(len(one.items) for one in first.classes) == len(first.items) == 320


def test_a_view_carries_everything_dispatch_asks_for() -> None:
    publish_seed()
    item = queries.current(TODAY).item("0301")
    assert [one.name for one in item.close] == ["stop_work", "penalty", "removal"]
    assert (item.conditions, item.level, item.class_zh) == ("C3→C1", "L3", "违法建设与自然资源")
    assert item.allows("portal")
    assert not queries.current(TODAY).item("0517").allows("portal")
    assert queries.view_of(Item.objects.select_related("version").get(code="0301")) == item


def test_a_case_keeps_reading_the_version_it_was_opened_under() -> None:
    begin_draft()
    row = Item.objects.get(code="0101", version__number=1)
    actions.edit_item(actor=EDITOR, now=NOW, code="0101", close="8wh")
    actions.publish_version(actor=EDITOR, now=NOW, number=2, valid_from=TODAY, note="改")
    assert queries.view_of(row).close[0].limit.amount == 4
    assert queries.current(TODAY).item("0101").close[0].limit.amount == 8
    assert queries.current(SINCE).item("0101").close[0].limit.amount == 4


def test_comparison_and_history_cost_a_fixed_number_of_queries(django_assert_num_queries) -> None:
    begin_draft()
    actions.edit_item(actor=EDITOR, now=NOW, code="0101", close="8wh", max_extensions=2)
    actions.retire_item(actor=EDITOR, now=NOW, code="0102")
    version = actions.publish_version(actor=EDITOR, now=NOW, number=2, valid_from=TODAY, note="改")
    before = queries.version_before(version)
    with django_assert_num_queries(2):
        changes = queries.compare(version, before)
    assert [(one.code, one.what, one.fields) for one in changes] == [
        ("0101", "changed", ("close", "max_extensions")),
        ("0102", "retired", ("retired",)),
    ]
    with django_assert_num_queries(1):
        editions = queries.history("0101")
    assert [(one.version.number, one.change.what) for one in editions] == [(2, "changed"), (1, "added")]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("0301", "0301"), ("在建违法", "0301"), ("暴露垃圾", "0101"), ("blulj", None), ("bllj", "0101"),
        ("baoluLaji", "0101"), ("exposed waste", "0101"), ("楼道 杂物", "0514"), ("楼道堆杂物", "0514"),
        ("lddf", "0514"), ("ldzw", "0514"), ("0101 暴露", "0101"), ("井盖", "0201"), ("manhole", "0201"), ("意见建议", "1605"),
    ],
)  # fmt: skip
def test_an_item_is_found_by_code_name_pinyin_or_phrase(typed: str, first: str | None) -> None:
    publish_seed()
    found = [one.code for one in queries.search(typed, 8, on=TODAY)]
    assert (found[:1] or [None])[0] == first


def test_what_residents_say_is_found_too() -> None:
    publish_seed()
    assert "0601" in [one.code for one in queries.search("煤气味", 8, on=TODAY)]
    assert queries.search("", on=TODAY) == []
    assert queries.search("%%%", on=TODAY) == []
    assert len(queries.search("垃圾", 3, on=TODAY)) == 3


def test_the_public_does_not_find_what_is_not_meant_for_it() -> None:
    publish_seed()
    assert [one.code for one in queries.search("社区矫正", on=TODAY)][:1] == ["1412"]
    assert "1412" not in [one.code for one in queries.search("社区矫正", on=TODAY, public_only=True)]


def test_a_search_costs_one_query(django_assert_num_queries) -> None:
    publish_seed()
    queries.search("垃圾", on=TODAY)
    with django_assert_num_queries(1):
        queries.search("lddf", on=TODAY)
