"""One record: what is known and how fresh it is, what belongs to it, who changed it, and what may be done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid

from .. import access, rules
from .. import queries_desk as reads
from ..choices import CARE_LISTS, ENDINGS, HOUSEHOLD_ROLES, RELATION_KINDS, RESIDENCE_KINDS
from ..consents import offered, purpose_words
from ..fields import FIELDS, KIND_LABELS, Field
from ..masking import label, mask, masked, said
from ..models import CareEntry, Change, Consent, Premises, Record, Relation, Residence, Resident, State
from ..words import PURPOSES, STATES, freshness_words
from . import grants
from .frame import actor_of, area_labels, page

_NOT_ROWS: Final = {"lon", "lat", "ending", "ended_on"}
_HAVE_NO_PAGE: Final = (Relation, Residence, CareEntry)


@dataclass(frozen=True, slots=True)
class Tried:
    """A step that was refused: which, what was typed, and why."""

    step: str
    typed: QueryDict
    error: HuyingError

    @property
    def errors(self) -> dict[str, str]:
        """Messages by input."""
        if isinstance(self.error, Invalid):
            return {name: str(text) for name, text in self.error.fields.items()}
        return {self.error.field: str(self.error.message)} if self.error.field else {}


@page()
@require_GET
def record_page(request: HttpRequest, kind: str, uid: str) -> HttpResponse:
    """The page of one record."""
    record = access.get(actor_of(request), kind, uid)
    if isinstance(record, _HAVE_NO_PAGE):
        return redirect("registry-record", "person", record.resident_id)
    return show(request, record)


def show(request: HttpRequest, record: Record, *, tried: Tried | None = None) -> HttpResponse:
    """Draw the page; after a refused step with what was typed and why."""
    actor, now = actor_of(request), clock.now()
    beside = reads.beside(actor, record)
    open_now = grants.opened(request, record, now)
    values = open_now.values(record)
    shown: dict[str, Any] = {
        "record": record,
        "kind": record.KIND,
        "kind_label": KIND_LABELS[record.KIND],
        "label": values.get("name") or label(record) if record.KIND == "person" else label(record),
        "state": STATES[record.state],
        "ended": dict(ENDINGS).get(record.ending, "") if record.state != State.ACTIVE else "",
        "fresh": freshness_words(record.checked_at, now),
        "stale": rules.is_stale(clock.local_day(record.checked_at), clock.local_day(now)),
        "area": area_labels([record.area])[record.area] if record.area else "",
        "rows": plain_rows(record, beside),
        "secrets": secret_rows(record, values),
        "opened": open_now,
        "left": int(open_now.until.timestamp() - now.timestamp()) if open_now.until else 0,
        "beside": beside,
        "may": allowed(actor, record),
        "purposes": PURPOSES,
        "tried": tried,
        "now": now,
        "proposals": reads.open_proposals(record),
        "alike": _alike(record),
        "place": record
        if hasattr(record, "lon")
        else getattr(record, "home", None) or getattr(record, "premises", None),
        "endings": FIELDS[record.KIND]["ending"].choices,
        "today": clock.local_day(now),
        "undo": _undo(request, actor, record),
        "history": [_change_words(one) for one in reads.history(record, cursor=None, size=10).rows],
        **_belonging(beside, open_now),
        **_agreed(record),
    }
    answer = render(request, "registry/record.html", shown, status=tried.error.status if tried else 200)
    answer["Cache-Control"] = "no-store"
    return answer


def _undo(request: HttpRequest, actor: Actor, record: Record) -> str:
    """Right after another record was merged into this one, the address that takes that back."""
    gone = request.GET.get("merged", "")
    try:
        other = access.get(actor, record.KIND, gone) if gone else None
    except HuyingError:
        return ""
    if other is None or other.merged_into_id != record.uid:
        return ""
    return reverse("registry-split", args=[record.KIND, other.uid])


def allowed(actor: Actor, record: Record) -> dict[str, bool]:
    """The steps this actor may take on this record."""
    active = record.state == State.ACTIVE
    propose = active and access.may(actor, access.PROPOSE, record.area)
    return {
        "edit": propose,
        "confirm": propose,
        "end": propose,
        "care": propose and record.KIND == "person" and access.may(actor, access.CARE, record.area),
        "relate": propose and record.KIND == "person",
        "merge": active and record.KIND in ("person", "premises", "organisation", "facility")
        and access.may(actor, access.DECIDE, record.area),
        "decide": access.may(actor, access.DECIDE, record.area),
        "open": record.ending != "erased" and actor.is_staff,
        "add_below": propose and record.KIND == "premises",
    }  # fmt: skip


# --- what is said of a record --------------------------------------------------------------------------------------


def plain_rows(record: Record, beside: reads.Beside) -> list[tuple[Any, str, str]]:
    """(label, words, address) of the fields everybody with access may see."""
    refs: dict[str, list[Any]] = {}
    fields = [field for field in FIELDS[record.KIND].values() if not field.private and field.name not in _NOT_ROWS]
    for field in fields:
        if field.type == "ref" and (value := record.value(field.name)):
            refs.setdefault(field.to, []).append(value)
    labels = reads.labels_of(refs)
    rows = []
    for field in fields:
        value = record.value(field.name)
        if field.type == "ref":
            if value:
                rows.append((field.label, labels.get(str(value), str(value)), _url_of(field, value)))
        elif words := said(field, value):
            rows.append((field.label, words, ""))
    if isinstance(record, Premises):
        rows.insert(1, (_("编码"), record.code, ""))
    return rows


def _url_of(field: Field, value: Any) -> str:
    return "" if field.to == "staff" else reverse("registry-record", args=[field.to, value])


def secret_rows(record: Record, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The sealed fields that hold something: masked, or as opened."""
    masks = masked(record, values)
    rows = []
    for name, field in FIELDS[record.KIND].items():
        if name in values and values[name] not in ("", None):
            rows.append({"name": name, "field": field, "words": said(field, values[name]), "open": True})
        elif name in masks:
            rows.append({"name": name, "field": field, "words": masks[name], "open": False})
    return rows


def _belonging(beside: reads.Beside, open_now: grants.Opened) -> dict[str, Any]:
    kinds, roles = dict(RESIDENCE_KINDS), dict(HOUSEHOLD_ROLES)
    return {
        "relations": [_relation_words(one, open_now.contacts) for one in beside.relations],
        "people": [(one, label(one.resident), kinds[one.kind], roles.get(one.role, "")) for one in beside.people],
        "residences": [(one, kinds[one.kind]) for one in beside.residences],
        "care": [(one, dict(CARE_LISTS)[one.list]) for one in beside.care],
        "households": [(one, label(one.head) if one.head else "") for one in beside.households],
    }


def _agreed(record: Record) -> dict[str, Any]:
    """What this person has agreed to, what they may agree to, and how."""
    if not isinstance(record, Resident):
        return {}
    given = [(one, purpose_words(one.purpose)) for one in reads.consents(record)]
    standing = {one.purpose for one, _words in given if one.withdrawn_at is None}
    open_to = [(purpose, words) for purpose, words in offered() if purpose not in standing]
    return {"consents": given, "consent_purposes": open_to, "consent_ways": Consent.How.choices}


def _relation_words(one: Relation, is_open: bool) -> dict[str, Any]:
    secrets = one.secrets
    if one.other is not None and not secrets.get("contact_name"):
        held = one.other.secrets
        secrets = secrets | {"contact_name": held.get("name", ""), "contact_phone": held.get("phone", "")}
    fields = FIELDS["relation"]
    shown = {
        name: secrets.get(name, "") if is_open else mask(fields[name], secrets.get(name, ""))
        for name in ("contact_name", "contact_phone", "contact_address")
    }
    return {"row": one, "kind": dict(RELATION_KINDS)[one.kind], "open": is_open, **shown}


def _alike(record: Record) -> list[tuple[Any, str]]:
    """(other record's uid, words) of what may be the same as this one."""
    pairs = reads.likenesses_of(record)
    others = [(record.KIND, one.other if one.one == record.uid else one.one) for one in pairs]
    found = reads.records_of(others) if others else {}
    return [(uid, label(found[kind, str(uid)])) for kind, uid in others if (kind, str(uid)) in found]


def _change_words(change: Change) -> dict[str, Any]:
    """One step of the history: which fields, plain values old and new, sealed ones masked."""
    fields = FIELDS[change.kind]
    private = json.loads(change.private) if change.private else {}
    lines = []
    for name in change.fields:
        field = fields.get(name)
        if field is None:
            continue
        old, new = (private if field.private else change.plain).get(name, (None, None))
        words = (mask(field, old), mask(field, new)) if field.private else (said(field, old), said(field, new))
        if field.type == "ref":
            words = ("", "")
        lines.append((field.label, *words, field.private))
    return {"change": change, "verb": change.get_verb_display(), "lines": lines}
