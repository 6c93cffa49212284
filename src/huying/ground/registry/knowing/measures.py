"""How a point is measured: which records it is about and when one of them counts as known, in indexed columns alone.

Nothing sealed is opened: whether there is a number to call stands beside the sealed text (``reachable``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db.models import (
    Count,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Coalesce, Left
from django.utils.translation import ngettext_lazy

from huying.ground.registry.models import MODELS, Organisation, Relation, Residence, State
from huying.kernel.clock import local_day

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

FROM_AGE: Final = 16  # who is younger is called through their family
_HOUSED: Final = ("building", "room", "shop", "workshop")  # an address somebody can knock at
_LET: Final = ("rental", "group_rental")


@dataclass(frozen=True, slots=True)
class Measure:
    """``of``: which records of ``kind`` count; ``known``: which of them are known, ``days`` being how old a look may be.

    ``days``: the usual limit, None where the measure has none. ``lacking`` says how many are missing and what they lack.
    ``called``: the kinds of which it asks whether there is a number to call.
    """

    kind: str
    of: Callable[[datetime], Q]
    known: Callable[[datetime, int], Q]
    lacking: _StrPromise
    days: int | None = None
    called: tuple[str, ...] = ()


def _all(now: datetime) -> Q:
    return Q()


def _stays(field: str, *kinds: str, **more: Any) -> Q:
    """Somebody lives, works … in it now."""
    rows = Residence.objects.filter(**{field: OuterRef("uid")}, state=State.ACTIVE, until=None, kind__in=kinds, **more)
    return Q(Exists(rows))


def _at_a_door(field: str) -> Q:
    return Q(**{f"{field}__kind__in": _HOUSED, f"{field}__state": State.ACTIVE})


def _someone_to_call(resident: str) -> Q:
    """A contact for emergencies with a number, or who is registered here and has one; nobody calls the dead."""
    rows = Relation.objects.filter(resident=OuterRef(resident), state=State.ACTIVE, emergency_rank__isnull=False)
    own = Q(reachable=True) & (Q(other=None) | Q(other__state=State.ACTIVE))
    return Q(Exists(rows.filter(own | Q(other__reachable=True, other__state=State.ACTIVE))))


def _looked(now: datetime, days: int) -> Q:
    return Q(checked_at__gte=now - timedelta(days=days))


def _looked_by_cycle(now: datetime, days: int) -> Q:
    """Within the entry's own cycle of visits, else within the limit."""
    cycle = ExpressionWrapper(
        Coalesce(F("visits_every"), days) * Value(timedelta(days=1), DurationField()), DurationField()
    )
    return Q(
        checked_at__gte=ExpressionWrapper(Value(now, DateTimeField()) - cycle, DateTimeField()),
    )


def _grown(now: datetime) -> Q:
    return Q(born_year=None) | Q(born_year__lte=local_day(now).year - FROM_AGE)


def _in_force(now: datetime) -> Q:
    return Q(until__gt=local_day(now))


def _room_known(now: datetime, days: int) -> Q:
    works = Organisation.objects.filter(premises=OuterRef("uid"), state=State.ACTIVE)
    return ~Q(use="") & (Q(use="empty") | _stays("premises", "lives", "works") | Q(Exists(works)))


def _rental_kept(now: datetime, days: int) -> Q:
    keeps = _stays("premises", "owns", "lets", resident__reachable=True)
    return _stays("premises", "lives") & (Q(reachable=True) | keeps)


def _facility_kept(now: datetime, days: int) -> Q:
    return (Q(lon__isnull=False) | Q(premises__lon__isnull=False)) & ~Q(condition="") & _looked(now, days)


MEASURES: Final[Mapping[str, Measure]] = {
    "household_members": Measure(
        "household",
        _all,
        lambda now, days: Q(head__state=State.ACTIVE) & _at_a_door("premises") & _stays("household", "lives"),
        ngettext_lazy("还有 %(n)d 户没登记全户主、住的人或门牌", "还有 %(n)d 户没登记全户主、住的人或门牌", "n"),
    ),
    "household_reachable": Measure(
        "household",
        _all,
        lambda now, days: _stays("household", "lives", resident__reachable=True),
        ngettext_lazy("还有 %(n)d 户没有联系电话", "还有 %(n)d 户没有联系电话", "n"),
        called=("person",),
    ),
    "person_reachable": Measure(
        "person",
        _grown,
        lambda now, days: Q(reachable=True) | _someone_to_call("uid"),
        ngettext_lazy("还有 %(n)d 人没有电话，也没有紧急联系人", "还有 %(n)d 人没有电话，也没有紧急联系人", "n"),
        called=("person", "relation"),
    ),
    "person_home": Measure(
        "person",
        _all,
        lambda now, days: _at_a_door("home"),
        ngettext_lazy("还有 %(n)d 人没登记到门牌", "还有 %(n)d 人没登记到门牌", "n"),
    ),
    "room_known": Measure(
        "premises",
        lambda now: Q(kind="room"),
        _room_known,
        ngettext_lazy("还有 %(n)d 间不知道谁在用", "还有 %(n)d 间不知道谁在用", "n"),
    ),
    "rental_kept": Measure(
        "premises",
        lambda now: Q(use__in=_LET),
        _rental_kept,
        ngettext_lazy("还有 %(n)d 间出租房不清楚租客或房东", "还有 %(n)d 间出租房不清楚租客或房东", "n"),
        called=("premises", "person"),
    ),
    "migrant_checked": Measure(
        "person",
        lambda now: Q(registration__in=("elsewhere", "hk_mo_tw", "foreign")),
        lambda now, days: _at_a_door("home") & _looked(now, days),
        ngettext_lazy("还有 %(n)d 人没登记到门牌，或很久没核实", "还有 %(n)d 人没登记到门牌，或很久没核实", "n"),
        180,
    ),
    "organisation_reachable": Measure(
        "organisation",
        _all,
        lambda now, days: Q(premises__state=State.ACTIVE, reachable=True),
        ngettext_lazy("还有 %(n)d 家没有地址或负责人电话", "还有 %(n)d 家没有地址或负责人电话", "n"),
        called=("organisation",),
    ),
    "organisation_checked": Measure(
        "organisation",
        _all,
        _looked,
        ngettext_lazy("还有 %(n)d 家很久没核实", "还有 %(n)d 家很久没核实", "n"),
        180,
    ),
    "care_contact": Measure(
        "care",
        _in_force,
        lambda now, days: _someone_to_call("resident_id"),
        ngettext_lazy("还有 %(n)d 条名单没有紧急联系人", "还有 %(n)d 条名单没有紧急联系人", "n"),
        called=("relation", "person"),
    ),
    "care_checked": Measure(
        "care",
        _in_force,
        _looked_by_cycle,
        ngettext_lazy("还有 %(n)d 条名单过了走访周期没核实", "还有 %(n)d 条名单过了走访周期没核实", "n"),
        30,
    ),
    "care_responsible": Measure(
        "care",
        _in_force,
        lambda now, days: Q(responsible__isnull=False),
        ngettext_lazy("还有 %(n)d 条名单没有责任人", "还有 %(n)d 条名单没有责任人", "n"),
    ),
    "small_kept": Measure(
        "premises",
        lambda now: ~Q(small_kind=""),
        lambda now, days: ~Q(risk="") & Q(reachable=True),
        ngettext_lazy("还有 %(n)d 处没评风险或没有负责人电话", "还有 %(n)d 处没评风险或没有负责人电话", "n"),
        called=("premises",),
    ),
    "risk_checked": Measure(
        "premises",
        lambda now: Q(risk__in=("red", "yellow")),
        _looked,
        ngettext_lazy("还有 %(n)d 处很久没核实", "还有 %(n)d 处很久没核实", "n"),
        90,
    ),
    "facility_kept": Measure(
        "facility",
        _all,
        _facility_kept,
        ngettext_lazy(
            "还有 %(n)d 个设施缺位置或状况，或很久没核实", "还有 %(n)d 个设施缺位置或状况，或很久没核实", "n"
        ),
        180,
    ),
}


def lacking(name: str, days: int, now: datetime) -> Q:
    """The condition of records of the measure's kind that count and are not known."""
    measure = MEASURES[name]
    return measure.of(now) & ~measure.known(now, days)


def counts(asked: Sequence[tuple[str, int]], where: Q, digits: int, now: datetime) -> list[tuple[str, str, int, int]]:
    """(area code cut to ``digits``, measure, total, known) of what lies ``where``. One query whatever is asked."""
    parts = [_count(name, days, where, digits, now) for name, days in asked]
    return list(parts[0].union(*parts[1:], all=True)) if parts else []


def _count(name: str, days: int, where: Q, digits: int, now: datetime) -> QuerySet[Any, Any]:
    measure = MEASURES[name]
    rows = MODELS[measure.kind]._default_manager.filter(where, measure.of(now), state=State.ACTIVE)
    grouped = rows.annotate(cut=Left("area", digits), measure=Value(name)).values_list("cut", "measure").order_by()
    return grouped.annotate(n_total=Count("id"), n_known=Count("id", filter=measure.known(now, days)))
