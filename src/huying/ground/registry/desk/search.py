"""The registry's front door: one box that finds by any fragment, lists by kind, filters that stay in the address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from huying.ground.organisation import queries as organisation
from huying.ground.territory import queries as territory
from huying.kernel import clock

from .. import access, rules
from .. import queries_desk as reads
from ..choices import CARE_LISTS, CONDITIONS, FACILITY_KINDS, ORGANISATION_KINDS, PREMISES_KINDS, RISKS, SEXES
from ..fields import KIND_LABELS
from ..masking import is_named, label, masked
from ..models import CareEntry, Facility, Household, Organisation, Premises, Record, Resident
from ..queries_desk import Filters
from ..words import FRESHNESS, STATES, TABS, freshness_words
from . import filters
from .frame import actor_of, area_labels, page

ICONS: Final = {
    "person": "person",
    "premises": "home",
    "organisation": "building",
    "facility": "flag",
    "household": "people",
    "care": "heart",
}
_PICKED: Final = {"premises", "person", "household", "organisation"}
_MOST_PICKED: Final = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One record as a list shows it: nothing in it is unmasked."""

    record: Record
    kind: str
    icon: str
    url: str
    label: str
    note: str
    facts: list[str]
    risk: str
    fresh: str
    stale: bool
    state: str
    named: bool


def rows_of(records: Iterable[Record], now: datetime, words: str = "") -> list[Row]:
    """Records as list rows; ``words`` is what they were searched by."""
    seen = list(records)
    homeless = {one.area for one in seen if isinstance(one, Resident) and one.home is None and one.area}
    areas = area_labels(homeless) if homeless else {}
    return [_row(record, now, words, areas) for record in seen]


def _row(record: Record, now: datetime, words: str, areas: Mapping[str, str]) -> Row:
    said, note, facts = _words(record, clock.local_day(now), areas)
    target = record.resident if isinstance(record, CareEntry) else record
    return Row(
        record,
        record.KIND,
        ICONS[record.KIND],
        reverse("registry-record", args=[target.KIND, target.uid]),
        said,
        note,
        [fact for fact in facts if fact],
        record.risk if isinstance(record, Premises) else "",
        freshness_words(record.checked_at, now),
        rules.is_stale(clock.local_day(record.checked_at), clock.local_day(now)),
        str(STATES[record.state]) if record.state != "active" else "",
        is_named(record, words),
    )


def _words(record: Record, today: date, areas: Mapping[str, str]) -> tuple[str, str, list[str]]:
    if isinstance(record, Resident):
        masks = masked(record)
        home = record.home.address if record.home else _said_of_nowhere(areas.get(record.area, ""))
        age = _("约 %(n)d 岁") % {"n": today.year - record.born_year} if record.born_year else ""
        return label(record), home, [_said(SEXES, record.sex), age, masks.get("phone", "")]
    if isinstance(record, Premises):
        return label(record), record.code, [_said(PREMISES_KINDS, record.kind)]
    if isinstance(record, Organisation):
        place = record.premises.address if record.premises else ""
        return label(record), place, [_said(ORGANISATION_KINDS, record.kind), record.credit_code]
    if isinstance(record, Facility):
        place = record.premises.address if record.premises else ""
        return label(record), place, [_said(FACILITY_KINDS, record.kind), _said(CONDITIONS, record.condition)]
    if isinstance(record, Household):
        head = _("户主 %(name)s") % {"name": label(record.head)} if record.head else ""
        return record.premises.address, head, []
    assert isinstance(record, CareEntry)
    until = _("到 %(day)s") % {"day": record.until.isoformat()}
    home = record.resident.home.address if record.resident.home else ""
    return label(record.resident), home, [_said(CARE_LISTS, record.list), until]


def _said_of_nowhere(area: str) -> str:
    return f"{_('住址未登记')} · {area}" if area else _("住址未登记")


def _said(choices: Any, code: str) -> str:
    return str(dict(choices).get(code, code))


@page()
@require_GET
def home(request: HttpRequest) -> HttpResponseBase:
    """Find, or look through a kind; while somebody types, only ``#found`` is drawn again."""
    actor, now = actor_of(request), clock.now()
    asked = filters.read(request.GET, actor)
    shown: dict[str, Any] = {
        "tabs": filters.tabs_of(actor),
        "asked": asked,
        "now": now,
        "may_add": access.areas(actor, access.PROPOSE),
        "may_export": access.areas(actor, access.EXPORT),
        "may_import": access.areas(actor, access.IMPORT),
        "premises_kinds": PREMISES_KINDS,
        "risks": RISKS,
        "freshness": FRESHNESS,
        "lists": CARE_LISTS,
        "lacks": filters.lacks_of(asked.tab),
        "kinds": [
            (kind, KIND_LABELS[kind]) for kind in ("person", "premises", "household", "organisation", "facility")
        ],
    }
    if asked.tab and not asked.untold:
        found = reads.listed(actor, asked.tab, asked.filters, now, request.GET.get("cursor"))
        shown |= {"page": found, "rows": rows_of(found.rows, now, asked.filters.words)}
    elif asked.filters.words and not asked.tab:
        said = dict(TABS)
        groups = reads.found(actor, asked.filters, now)
        shown["groups"] = [
            (kind, said[kind], ICONS[kind], rows_of(rows, now, asked.filters.words), more)
            for kind, rows, more in groups
        ]
    return render(request, "registry/home.html", shown)


@page()
@require_GET
def pick(request: HttpRequest) -> HttpResponse:
    """Choices for a reference (``?to=premises&of=home``) or ``<option>`` elements for an area (``?to=area``)."""
    actor, to, of = actor_of(request), request.GET.get("to", ""), request.GET.get("of", "")[:40]
    typed = (request.GET.get(f"look_{of}") or request.GET.get(of) or "").strip()[:60]
    if to == "area":
        areas = territory.search_areas(typed, on=clock.local_day(clock.now()), most=12) if typed else []
        labels = territory.labels([one.code for one in areas], get_language() or "zh") if areas else {}
        options = [(filters.area_value(one), labels[one.code]) for one in areas]
        return render(request, "registry/_options.html", {"options": options})
    return render(request, "registry/_picked.html", {"found_refs": picked(actor, to, typed), "of": of, "typed": typed})


def picked(actor: Any, to: str, words: str) -> list[tuple[str, str, str]]:
    """(uid, words, note) of records that a reference may lead to. One query."""
    if not words:
        return []
    if to == "staff":
        people = organisation.people(on=clock.local_day(clock.now()), search=words, size=_MOST_PICKED).rows
        return [(one.number, one.label, one.number) for one in people]
    if to not in _PICKED:
        return []
    rows = reads.wished(actor, to, Filters(words=words), clock.now()).order_by("area", "id")[:_MOST_PICKED]
    shown = rows_of(rows, clock.now(), words)
    return [(str(row.record.uid), row.label, " · ".join(filter(None, (row.note, *row.facts)))) for row in shown]
