"""What a phone and the desk read: changes since a cursor, states of operations, phones and what stands on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, ClassVar
from uuid import UUID

from django.db import connection
from django.db.models import Case, Count, Q, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError
from huying.kernel.paging import Page as ListPage
from huying.kernel.paging import beyond, page
from huying.kernel.replicas import Departure, moment

from . import access, doors, pulling
from .doors import Offer, Scope, Whole
from .models import Device, Operation
from .pulling import Left, Place, Row
from .rules import State

MOST_A_PAGE = 1_000
_ORDER = ("changed", "id")
UNSETTLED = (State.WAITING, State.CONFLICT, State.REFUSED)


class NotReady(HuyingError):
    """The database was restored and its stamps are being renumbered; it takes minutes."""

    status: ClassVar[int] = 503
    default_code = "not_ready"
    default_message = _("资料正在整理，请过几分钟再同步")


def changes(actor: Actor, *, pull: int, cursor: str, size: int, today: date) -> pulling.Page:
    """What changed in the actor's scope since ``cursor`` ("": everything), at most ``size`` records.

    ``pull`` is this page's number from ``actions.count_pull``. At most two queries a kind that moved, one each for the
    horizon, the posts, the departures and which kinds moved. Raises NotReady after a restore.
    """
    here = moment()
    if not here.settled:
        raise NotReady()
    scope = access.scope_of(actor, today=today)
    given = pulling.decode(cursor) or (pulling.Cursor("", "") if cursor else None)
    return pulling.pull(
        given,
        _Tables(scope),
        database=here.database,
        scope=_digest(scope),
        pull=pull,
        horizon=here.horizon,
        latest=here.latest,
        size=size,
        most=scope.most,
        forgotten=here.forgotten,
    )


def _digest(scope: Scope) -> str:
    content = (scope.person_id, scope.areas, sorted(scope.roles), sorted(scope.posts))
    return sha256(repr(content).encode()).hexdigest()[:16]


class _Tables:
    """The tables behind the offers, as ``pulling`` reads them."""

    def __init__(self, scope: Scope) -> None:
        offered = doors.offered(scope)
        self.scope = scope
        self.offers = {kind: one for kind, one in offered.items() if isinstance(one, Offer)}
        self.wholes = {kind: one for kind, one in offered.items() if isinstance(one, Whole)}

    @property
    def kinds(self) -> Sequence[str]:
        return tuple(self.offers)

    @property
    def marks(self) -> Mapping[str, str]:
        return {kind: one.mark for kind, one in self.wholes.items()}

    def count(self, kind: str, most: int) -> int:
        offer = self.offers[kind]
        kept = offer.queryset.filter(offer.keep) if offer.keep is not None else offer.queryset
        return int(kept.order_by()[: most + 1].count())

    def rows(self, kind: str, place: Place, *, below: int, limit: int) -> list[Row]:
        offer = self.offers[kind]
        found = offer.queryset.filter(changed__lt=below)
        found = found.filter(beyond(found, _ORDER, place[:2]))
        if offer.keep is not None:
            found = found.annotate(held=Case(When(offer.keep, then=Value(True)), default=Value(False)))
            if place.changed < place.base:
                found = found.filter(Q(changed__gte=place.base) | offer.keep)
        shape = offer.shape
        return [
            Row(row.changed, row.pk, str(row.uid), kept, doors.version_of(row), shape(row) if kept else {})
            for row in found.order_by(*_ORDER)[:limit]
            for kept in (getattr(row, "held", True),)
        ]

    def moved(self, places: Mapping[str, Place], *, below: int) -> list[str]:
        asked = [
            f"SELECT %s WHERE EXISTS (SELECT FROM {self.offers[kind].queryset.model._meta.db_table}"
            " WHERE (changed, id) > (%s, %s) AND changed < %s)"
            for kind in places
        ]
        values = [value for kind, place in places.items() for value in (kind, *place[:2], below)]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(asked), values)
            return [kind for (kind,) in cursor.fetchall()]

    def departures(self, after: tuple[int, int], *, below: int, limit: int) -> list[Left]:
        found = Departure.objects.filter(self.scope.within(), changed__lt=below, kind__in=self.kinds)
        found = found.filter(beyond(found, _ORDER, after)).order_by(*_ORDER)
        return [Left(*row[:3], str(row[3])) for row in found.values_list("changed", "id", "kind", "uid")[:limit]]

    def present(self, kind: str, uids: Sequence[str]) -> Iterable[str]:
        found = self.offers[kind].queryset.filter(uid__in=[UUID(one) for one in uids])
        return (str(one) for one in found.order_by().values_list("uid", flat=True))

    def whole(self, kind: str) -> Iterable[tuple[str, int, Mapping[str, Any]]]:
        return self.wholes[kind].records()


# --- operations and phones -------------------------------------------------------------------------------------------


def operations_of(actor: Actor, ids: Sequence[UUID]) -> list[Operation]:
    """The actor's own operations among these ids, without what they say; one query."""
    own = Operation.objects.defer("body", "sealed").filter(pk__in=ids, person_id=actor.person_id or 0)
    return list(own.order_by("device_id", "seq"))


def device_page(actor: Actor, *, today: date, cursor: str | None, size: int) -> ListPage[Device]:
    """Phones the actor looks after, last seen first, each with ``waiting``, ``refused`` and ``conflicts``; two queries."""
    devices = access.watched(actor, today=today).select_related("person")
    found = page(devices, ("-seen_at", "-id"), cursor, size)
    counted = _standing([one.pk for one in found.rows])
    for one in found.rows:
        counts = counted.get(one.pk, {})
        one.waiting = counts.get(State.WAITING, 0)  # type: ignore[attr-defined]
        one.refused = counts.get(State.REFUSED, 0)  # type: ignore[attr-defined]
        one.conflicts = counts.get(State.CONFLICT, 0)  # type: ignore[attr-defined]
    return found


def _standing(device_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    rows = (
        Operation.objects.filter(device_id__in=device_ids, state__in=UNSETTLED)
        .values_list("device_id", "state")
        .annotate(number=Count("pk"))
        .order_by()
    )
    found: dict[int, dict[str, int]] = {}
    for device_id, state, number in rows:
        found.setdefault(device_id, {})[state] = number
    return found


def operation_page(
    actor: Actor, *, today: date, state: str, device: UUID | None, cursor: str | None, size: int
) -> ListPage[Operation]:
    """What is refused, in conflict or waiting on those phones, newest first, without what it says; one query."""
    found: QuerySet[Operation] = access.watched_operations(actor, today=today).select_related("device", "person")
    found = found.defer("body", "sealed").filter(state=state) if state in UNSETTLED else found.none()
    if device is not None:
        found = found.filter(device__uid=device)
    return page(found, ("-received_at", "-id"), cursor, size)
