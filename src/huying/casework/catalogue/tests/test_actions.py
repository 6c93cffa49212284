"""Import, draft, edit, publish: what happens, what is refused, and that a refusal leaves nothing behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from huying.casework.catalogue import actions, queries
from huying.casework.catalogue.factories import (
    DISPATCHER,
    EDITOR,
    NOW,
    OTHER_EDITOR,
    READING_KEY,
    SINCE,
    STRANGERS,
    TODAY,
    begin_draft,
    publish_seed,
)
from huying.casework.catalogue.facts import CataloguePublished
from huying.casework.catalogue.models import CatalogueVersion, Item
from huying.kernel import facts, trace
from huying.kernel.actor import SYSTEM, Actor
from huying.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused

pytestmark = pytest.mark.django_db


def edit(code: str = "0101", **changes: Any) -> Item:
    return actions.edit_item(actor=EDITOR, now=NOW, code=code, **(changes or {"close": "6wh"}))


def publish(number: int = 2, *, day: date = TODAY, note: str = "按区里新规") -> CatalogueVersion:
    return actions.publish_version(actor=EDITOR, now=NOW, number=number, valid_from=day, note=note)


def test_the_shipped_catalogue_is_published_once() -> None:
    version = publish_seed()
    assert (version.number, version.state, version.items.count()) == (1, "published", 320)
    assert publish_seed() == version
    assert CatalogueVersion.objects.count() == 1
    assert [one.verb for one in trace.Entry.objects.filter(chain="catalogue:1")] == ["catalogue_published"]


def test_nothing_is_in_force_before_the_first_day() -> None:
    publish_seed()
    assert queries.current(SINCE - timedelta(days=1)).version_number == 0
    assert len(queries.current(SINCE).items) == 320


def test_a_draft_is_a_copy_that_changes_nothing_until_published() -> None:
    begin_draft()
    assert actions.draft_from_current(actor=OTHER_EDITOR, now=NOW).number == 2
    item = edit(close="6wh; 2wd report", phrases="垃圾没人收\n袋子堆成山", co_trades=["water"])
    assert item.revision == 1
    assert queries.current(TODAY).item("0101").close[0].limit.label == "4wh"
    publish()
    now = queries.current(TODAY)
    assert (now.version_number, now.item("0101").phrases) == (2, ("垃圾没人收", "袋子堆成山"))
    assert queries.current(TODAY - timedelta(days=1)).version_number == 1


def test_a_publication_is_told_and_traced() -> None:
    begin_draft()
    edit()
    actions.retire_item(actor=EDITOR, now=NOW, code="0102")
    actions.add_item(
        actor=EDITOR, now=NOW, code="0121", class_code="01", name="流动摊车占位", level="L3",
        lead_trade="street_sanitation", respond="2wh", close="1wd",
    )  # fmt: skip
    with facts.collected() as told:
        publish(day=TODAY + timedelta(days=7))
    (fact,) = [one for one in told if isinstance(one, CataloguePublished)]
    assert (fact.added, fact.changed, fact.retired) == (("0121",), ("0101",), ("0102",))
    assert queries.current(TODAY).version_number == 1
    later = queries.current(TODAY + timedelta(days=7))
    assert later.item("0121").class_zh == "市容环卫"
    with pytest.raises(NotFound):
        later.item("0102")
    verbs = [one.verb for one in trace.Entry.objects.filter(chain="catalogue:2").order_by("id")]
    assert verbs == [
        "catalogue_draft_begun", "catalogue_item_changed", "catalogue_item_retired", "catalogue_item_added",
        "catalogue_published",
    ]  # fmt: skip


def test_every_bad_field_is_named_at_once_and_nothing_is_written() -> None:
    begin_draft()
    with pytest.raises(Invalid) as refused:
        edit(close="soon", conditions="C99", lead_trade="nobody", dup_radius_m=-1, name="改了名")
    assert set(refused.value.fields) == {"close", "conditions", "lead_trade", "dup_radius_m"}
    assert Item.objects.get(version__number=2, code="0101").name == "暴露垃圾"
    with pytest.raises(Invalid):
        edit(needs_photo_min=0)  # the item asks for C1
    with pytest.raises(Invalid):
        edit(code_of_nothing="x")


def test_saving_what_is_the_same_writes_nothing() -> None:
    begin_draft()
    assert edit(close="4wh").revision == 0
    assert trace.Entry.objects.filter(verb="catalogue_item_changed").count() == 0


def test_nobody_overwrites_what_he_has_not_seen() -> None:
    begin_draft()
    actions.edit_item(actor=OTHER_EDITOR, now=NOW, code="0101", revision=0, close="6wh")
    with pytest.raises(Conflict):
        actions.edit_item(actor=EDITOR, now=NOW, code="0101", revision=0, close="8wh")
    assert Item.objects.get(version__number=2, code="0101").close[0]["limit"]["label"] == "6wh"


def test_a_code_is_used_once_even_after_the_item_was_retired() -> None:
    begin_draft()
    actions.retire_item(actor=EDITOR, now=NOW, code="0102")
    with pytest.raises(Invalid) as refused:
        actions.add_item(
            actor=EDITOR, now=NOW, code="0102", class_code="01", name="另一个", level="L3",
            lead_trade="street_sanitation", respond="2wh", close="1wd",
        )  # fmt: skip
    assert "code" in refused.value.fields
    actions.restore_item(actor=EDITOR, now=NOW, code="0102")
    assert not Item.objects.get(version__number=2, code="0102").retired


@pytest.mark.parametrize(
    ("more", "field"),
    [({"day": TODAY - timedelta(days=1)}, "valid_from"), ({"note": " "}, "note")],
)
def test_a_publication_needs_a_day_to_come_and_a_reason(more: dict[str, Any], field: str) -> None:
    begin_draft()
    edit()
    with pytest.raises(Invalid) as refused:
        publish(**more)
    assert set(refused.value.fields) == {field}
    assert queries.current(TODAY).version_number == 1


def test_a_draft_without_changes_or_of_another_number_is_not_published() -> None:
    begin_draft()
    with pytest.raises(Refused):
        publish()
    with pytest.raises(Conflict):
        publish(number=9)
    assert CatalogueVersion.objects.filter(state="published").count() == 1


def test_a_discarded_draft_leaves_its_number_and_its_trace() -> None:
    begin_draft()
    edit()
    actions.discard_draft(actor=EDITOR, now=NOW, number=2)
    assert Item.objects.filter(version__number=2).count() == 0
    assert actions.draft_from_current(actor=EDITOR, now=NOW).number == 3
    assert trace.Entry.objects.filter(chain="catalogue:2").count() == 3


@pytest.mark.parametrize(
    "write",
    [
        lambda: Item.objects.filter(code="0101").update(name="改"),
        lambda: Item.objects.filter(code="0101").delete(),
        lambda: Item.objects.create(version=CatalogueVersion.objects.get(), code="9999", level="L1", conditions="C4"),
        lambda: CatalogueVersion.objects.update(note="改"),
        lambda: CatalogueVersion.objects.update(state="draft"),
        lambda: CatalogueVersion.objects.create(number=9, state="published", valid_from=TODAY),
    ],
)
def test_the_database_itself_keeps_a_published_version(write: Callable[[], object]) -> None:
    publish_seed()
    with pytest.raises(IntegrityError), transaction.atomic():
        write()
    assert Item.objects.get(code="0101").name == "暴露垃圾"


def test_nothing_is_added_from_the_moment_of_publishing_and_nobody_publishes_without_one() -> None:
    draft = begin_draft()
    with pytest.raises(IntegrityError), transaction.atomic():
        CatalogueVersion.objects.filter(pk=draft.pk).update(state="published", valid_from=TODAY)
    CatalogueVersion.objects.filter(pk=draft.pk).update(state="published", valid_from=TODAY, published_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.create(version=draft, code="9999", level="L1", conditions="C4")
    assert not Item.objects.filter(code="9999").exists()


DEEDS: dict[str, Callable[[Actor], object]] = {
    "import": lambda actor: actions.import_seed(actor=actor, now=NOW),
    "draft": lambda actor: actions.draft_from_current(actor=actor, now=NOW),
    "edit": lambda actor: actions.edit_item(actor=actor, now=NOW, code="0103", close="6wh"),
    "add": lambda actor: actions.add_item(
        actor=actor, now=NOW, code="0188", class_code="01", name="新", level="L3", lead_trade="street_sanitation",
        respond="2wh", close="1wd",
    ),
    "retire": lambda actor: actions.retire_item(actor=actor, now=NOW, code="0103"),
    "restore": lambda actor: actions.restore_item(actor=actor, now=NOW, code="0103"),
    "publish": lambda actor: actions.publish_version(actor=actor, now=NOW, number=2, valid_from=TODAY, note="改"),
    "discard": lambda actor: actions.discard_draft(actor=actor, now=NOW, number=2),
}  # fmt: skip
TABLE = [(DISPATCHER, Forbidden), (READING_KEY, Forbidden), *((one, NotFound) for one in STRANGERS)]


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize(("actor", "refusal"), TABLE, ids=lambda one: getattr(one, "ref", ""))
def test_only_editors_write(deed: str, actor: Actor, refusal: type[Exception]) -> None:
    begin_draft()
    edit()
    before = (_rows(), trace.Entry.objects.count())
    with pytest.raises(refusal):
        DEEDS[deed](actor)
    assert (_rows(), trace.Entry.objects.count()) == before


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("actor", [EDITOR, SYSTEM], ids=lambda one: one.ref)
def test_editors_and_the_system_may_do_all_of_it(deed: str, actor: Actor) -> None:
    begin_draft()
    edit()
    DEEDS[deed](actor)


def _rows() -> list[tuple[Any, ...]]:
    items = Item.objects.order_by("id").values_list("id", "version_id", "close", "retired", "revision")
    return [*items, *CatalogueVersion.objects.order_by("id").values_list("id", "state")]
