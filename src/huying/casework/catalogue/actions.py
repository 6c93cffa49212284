"""Every write of the catalogue: the first import, and draft → edit → publish. A published version never changes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from huying.casework.catalogue import rules
from huying.casework.catalogue.access import require_editor
from huying.casework.catalogue.facts import CataloguePublished
from huying.casework.catalogue.models import CatalogueVersion, Item
from huying.casework.catalogue.rows import columns_of, plain_of, seed_rows
from huying.casework.catalogue.trades import trades
from huying.kernel import facts
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Invalid, NotFound, Refused
from huying.kernel.locks import lock_name
from huying.kernel.trace import Draft as Entry
from huying.kernel.trace import record

State = CatalogueVersion.State
_SOUGHT = ("class_zh", "class_en", *rules.EDITABLE, "retired")
_STANDARD: Mapping[str, Any] = {
    "conditions": "C4", "needs_photo_min": 0, "public_visible": True, "sensitive": False, "self_handle_allowed": False,
    "auto_dispatch": True, "dup_radius_m": 100, "dup_window_h": 72, "can_suspend": False, "max_extensions": 1,
    "source": "L",
}  # fmt: skip


@transaction.atomic
def import_seed(*, actor: Actor, now: datetime, valid_from: date | None = None) -> CatalogueVersion:
    """Publish the catalogue shipped with the program as the first version; when one is published already, nothing.

    ``valid_from`` defaults to today; a place that brings older cases gives an earlier day.
    """
    require_editor(actor)
    lock_name("catalogue")
    latest = _latest()
    if latest is not None:
        return latest
    version = CatalogueVersion.objects.create(number=_next_number(), author=actor.name, note="随程序提供的事项目录")
    Item.objects.bulk_create([Item(version=version, **columns) for columns in seed_rows()], batch_size=500)
    return _publish(version, actor, now, valid_from or local_day(now), {"what": "seed"})


@transaction.atomic
def draft_from_current(*, actor: Actor, now: datetime) -> CatalogueVersion:
    """Begin a draft as a copy of the latest published version; a draft that exists is returned as it is."""
    require_editor(actor)
    lock_name("catalogue")
    draft = CatalogueVersion.objects.filter(state=State.DRAFT).first()
    if draft is not None:
        return draft
    base = _latest()
    if base is None:
        raise Refused(_("还没有已发布的目录"), hint=_("请先导入随程序提供的目录"))
    draft = CatalogueVersion.objects.create(number=_next_number(), author=actor.name, base=base)
    copies = list(base.items.order_by("code"))
    for item in copies:
        item.pk, item.version, item.revision = None, draft, 0
        item._state.adding = True
    Item.objects.bulk_create(copies, batch_size=500)
    _note(draft, "catalogue_draft_begun", actor, now, {"base": base.number})
    return draft


@transaction.atomic
def edit_item(*, actor: Actor, now: datetime, code: str, revision: int | None = None, **changes: Any) -> Item:
    """Change fields of an item of the draft (see ``rules.EDITABLE``; limits and conditions in their notation).

    ``revision`` is that of the row the editor saw: Conflict when somebody has saved it since. Invalid names every bad
    field. Nothing is written when nothing differs.
    """
    require_editor(actor)
    item = _locked_item(code)
    if revision is not None and item.revision != revision:
        raise Conflict(_("这个事项刚刚被别人改过"), hint=_("请刷新后再改；您填写的内容还在页面上"))
    if unknown := set(changes) - set(rules.EDITABLE):
        raise Invalid(_("这些字段不能修改"), field=sorted(unknown)[0])
    before = plain_of(item)
    good = _good(changes)
    _refuse_whole({**before, **good})
    changed = rules.differences(before, good, good)
    if not changed:
        return item
    return _save(item, good, changed, before, actor, now, "catalogue_item_changed")


@transaction.atomic
def add_item(*, actor: Actor, now: datetime, code: str, class_code: str, name: str, **more: Any) -> Item:
    """Add an item to the draft. The class is one that exists, or ``class_zh`` names a new one. A code is used once."""
    require_editor(actor)
    draft = _locked_draft()
    known = draft.items.filter(class_code=class_code).first()
    named = {one: more.pop(one, "") or getattr(known, one, "") for one in ("class_zh", "class_en")}
    if unknown := set(more) - set(rules.EDITABLE):
        raise Invalid(_("这些字段不能填写"), field=sorted(unknown)[0])
    values = {**_STANDARD, **more, **named, "code": code, "class_code": class_code, "name": name}
    for required in ("level", "lead_trade", "respond", "close"):
        values.setdefault(required, "")
    good = _good(values)
    _refuse_whole(good)
    if Item.objects.filter(code=good["code"]).exclude(version__state=State.DISCARDED).exists():
        raise Invalid(_("这个编码已经用过；停用的编码也不再使用"), code="code_taken", field="code")
    item: Item = Item.objects.create(version=draft, **columns_of(good))
    _note(draft, "catalogue_item_added", actor, now, {"item": item.code, "values": _told(plain_of(item))})
    return item


@transaction.atomic
def retire_item(*, actor: Actor, now: datetime, code: str) -> Item:
    """Take an item out of use in the draft; its code stays taken and cases under it go on."""
    return _set_retired(actor, now, code, True)


@transaction.atomic
def restore_item(*, actor: Actor, now: datetime, code: str) -> Item:
    """Take a retired item into use again in the draft."""
    return _set_retired(actor, now, code, False)


@transaction.atomic
def publish_version(*, actor: Actor, now: datetime, number: int, valid_from: date, note: str) -> CatalogueVersion:
    """Publish the draft: for cases opened from ``valid_from`` on. Invalid lists every item that is wrong."""
    require_editor(actor)
    lock_name("catalogue")
    draft = _locked_draft()
    if draft.number != number:
        raise Conflict(_("草稿已经不是这一版"), hint=_("请刷新后核对再发布"))
    latest = _latest()
    errors: dict[str, Any] = {}
    if refusal := rules.refuse_day(valid_from, local_day(now), latest.valid_from if latest else None):
        errors["valid_from"] = str(refusal)
    if not note.strip():
        errors["note"] = _("请写明这一版改了什么、依据是什么")
    after = {item.code: plain_of(item) for item in draft.items.all()}
    for code, name, words in rules.check_catalogue(list(after.values()), trades()):
        errors[f"{code}.{name}" if code else "items"] = str(words)
    if errors:
        raise Invalid(_("草稿还不能发布"), code="catalogue_invalid", fields=errors)
    before = {item.code: plain_of(item) for item in latest.items.all()} if latest else {}
    changes = _changes(before, after)
    if not any(changes.values()):
        raise Refused(_("草稿和现行目录一样，没有可发布的改动"), code="nothing_changed")
    draft.note = note.strip()
    return _publish(draft, actor, now, valid_from, {"note": draft.note, **{k: list(v) for k, v in changes.items()}})


@transaction.atomic
def discard_draft(*, actor: Actor, now: datetime, number: int) -> None:
    """Give up the draft and all that was edited in it. Its number is not used again; the trace stays."""
    require_editor(actor)
    draft = _locked_draft()
    if draft.number != number:
        raise Conflict(_("草稿已经不是这一版"), hint=_("请刷新后再试"))
    draft.items.all().delete()
    draft.state = State.DISCARDED
    draft.save(update_fields=["state"])
    _note(draft, "catalogue_draft_discarded", actor, now, {})


def _publish(
    version: CatalogueVersion, actor: Actor, now: datetime, valid_from: date, body: Mapping[str, Any]
) -> CatalogueVersion:
    version.state = State.PUBLISHED
    version.valid_from = valid_from
    version.published_at = now
    version.author = actor.name
    version.save()
    told = {"valid_from": valid_from.isoformat(), "items": version.items.count(), **body}
    _note(version, "catalogue_published", actor, now, told)
    lists = {name: tuple(body.get(name, ())) for name in ("added", "changed", "retired")}
    facts.publish(
        CataloguePublished(version_id=version.pk, number=version.number, valid_from=valid_from, at=now, **lists)
    )
    return version


def _changes(before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Codes added, changed and retired; an item taken into use again counts as changed."""
    found: dict[str, list[str]] = {"added": [], "changed": [], "retired": []}
    for code, values in sorted(after.items()):
        old = before.get(code)
        if old is None:
            found["added"].append(code)
        elif values["retired"] and not old["retired"]:
            found["retired"].append(code)
        elif rules.differences(old, values, _SOUGHT):
            found["changed"].append(code)
    return found


def _set_retired(actor: Actor, now: datetime, code: str, retired: bool) -> Item:
    require_editor(actor)
    item = _locked_item(code)
    if item.retired == retired:
        return item
    verb = "catalogue_item_retired" if retired else "catalogue_item_restored"
    return _save(item, {"retired": retired}, ["retired"], {"retired": item.retired}, actor, now, verb)


def _save(
    item: Item, good: Mapping[str, Any], changed: list[str], before: Mapping[str, Any], actor: Actor, now: datetime,
    verb: str,
) -> Item:  # fmt: skip
    for name, value in columns_of({name: good[name] for name in changed}).items():
        setattr(item, name, value)
    item.revision += 1
    item.save(update_fields=[*changed, "revision"])
    told = {name: {"from": before[name], "to": good[name]} for name in changed}
    _note(item.version, verb, actor, now, {"item": item.code, "changes": told})
    return item


def _good(values: Mapping[str, Any]) -> dict[str, Any]:
    checked = rules.check_fields(values, trades())
    if checked.errors:
        raise Invalid(_("有字段填写不对"), fields={name: str(words) for name, words in checked.errors.items()})
    return dict(checked.values)


def _refuse_whole(values: Mapping[str, Any]) -> None:
    errors = rules.check_item(values, trades())
    if errors:
        raise Invalid(_("有字段填写不对"), fields={name: str(words) for name, words in errors.items()})


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", [], None)}


def _locked_draft() -> CatalogueVersion:
    draft = CatalogueVersion.objects.select_for_update().filter(state=State.DRAFT).first()
    if draft is None:
        raise NotFound(_("现在没有草稿"), hint=_("请先开始一份草稿"))
    return draft


def _locked_item(code: str) -> Item:
    draft = _locked_draft()
    item = draft.items.select_for_update(of=("self",)).filter(code=code).first()
    if item is None:
        raise NotFound(_("草稿里没有这个事项"))
    item.version = draft
    return item


def _latest() -> CatalogueVersion | None:
    return CatalogueVersion.objects.filter(state=State.PUBLISHED).order_by("-valid_from", "-number").first()


def _next_number() -> int:
    last = CatalogueVersion.objects.order_by("-number").values_list("number", flat=True).first()
    return (last or 0) + 1


def _note(version: CatalogueVersion, verb: str, actor: Actor, now: datetime, body: Mapping[str, Any]) -> None:
    record([Entry(chain=f"catalogue:{version.number}", verb=verb, actor=actor, at=now, body=dict(body))])
