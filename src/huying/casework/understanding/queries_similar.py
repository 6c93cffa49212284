"""Open cases that may be the same matter, whatever the words, the kind chosen and the channel.

Found three ways, each bounded: the same item near and recent, whatever is said near by, and rare words anywhere. Those few
are then compared (see :mod:`.repeats.likeness`); who decides is a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, OuterRef
from django.db.models.expressions import RawSQL

from huying.casework.cases import access
from huying.casework.cases.desk.shown import item_name
from huying.casework.cases.models import Case
from huying.casework.cases.subjects import keys
from huying.casework.catalogue.models import Item
from huying.casework.catalogue.queries import ItemView
from huying.ground.registry.models import Premises
from huying.ground.registry.queries import enclosing
from huying.kernel import terms
from huying.kernel.actor import Actor

from .repeats.likeness import Likeness, Matter, likeness, same_premises, usual

MOST: Final = 5
_RECENT: Final = timedelta(days=60)  # for matters of another kind than the one asked for
_AROUND_M: Final = 400.0  # whatever is said there is compared
_FAR_M: Final = 3_000.0  # from there on it is another place, whatever the words
_OF_KIND, _NEAR, _SAID = 10, 14, 8  # candidates compared of each way
_WALKED: Final = 400  # cases of rare words that are looked at
_WEIGHED: Final = 16  # of the rarest words of the text, by which those near are ordered
_READ: Final = 300  # characters the words are taken from
_TELLING: Final = 2.0  # weight above which a word tells anything
_TOO_MANY, _TOO_COMMON = 500, 0.05  # cases that say a word, and their share, from which it finds nothing
_DEGREE_M: Final = 111_320.0
_TABLE: Final = Case._meta.db_table
# Of the words asked for, the first six that are rare in this place by PostgreSQL's own statistics; two of them must meet.
_PAIRS: Final = f"""(
    WITH rare AS (
        SELECT asked.term FROM unnest(%s::text[]) WITH ORDINALITY AS asked(term, place) WHERE asked.term NOT IN (
            SELECT said.term
            FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS said(term, share)
            WHERE schemaname = current_schema() AND tablename = '{_TABLE}' AND attname = 'terms' AND said.term IS NOT NULL
            AND (said.share > {_TOO_COMMON}
                OR said.share * (SELECT reltuples FROM pg_class WHERE oid = '{_TABLE}'::regclass) > {_TOO_MANY})
        ) ORDER BY asked.place LIMIT 6
    )
    SELECT string_agg(quote_literal(one.term) || ' & ' || quote_literal(other.term), ' | ')::tsquery
    FROM rare one JOIN rare other ON one.term < other.term
)"""


_INSIDE: Final = "point(lon, lat) <@ box(point(%s, %s), point(%s, %s))"  # as the GiST index has it
# Long columns of the catalogue that no suggestion shows.
_NOT_SHOWN: Final = tuple(
    f"item__{name}" for name in ("phrases", "respond", "close", "conditions", "law_basis", "source", "source_note")
)
Arm = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Similar:
    """An open case that may be the same matter, with what speaks for it."""

    case: Case
    likeness: Likeness

    @property
    def metres(self) -> int | None:
        """Distance between the two; ``None`` where a point is not known."""
        return None if self.likeness.metres is None else round(self.likeness.metres)

    @property
    def kind(self) -> str:
        """What it was taken for, in the reader's language."""
        return item_name(self.case)


def similar_open(
    matter: Matter,
    item: Item | ItemView,
    *,
    now: datetime,
    community: str = "",
    exclude: int | None = None,
    actor: Actor | None = None,
    public: bool = False,
) -> list[Similar]:
    """The likeliest open cases, best first; with ``actor`` those they may see, ``public`` only of kinds all may see.

    A case of the same item within the item's radius and days is always offered, unless both are about registered places
    that are not the same; any other only when it is likely. One query, a second where registered places differ.
    """
    arms = [
        *_of_kind(matter, item, community, now),
        *_near(matter, now),
        *_said(matter, now),
    ]
    if not arms:
        return []
    union = " UNION ".join(f"({sql})" for sql, _params in arms)
    found = Case.objects.filter(pk__in=RawSQL(union, [one for _sql, params in arms for one in params]))
    if exclude is not None:
        found = found.exclude(pk=exclude)
    if public:
        found = found.filter(item__public_visible=True, item__sensitive=False)
    if actor is not None:
        found = found.annotate(seen=Exists(access.visible(actor).filter(pk=OuterRef("pk"))))
    rows = found.select_related("lead_unit", "item").defer("terms", "proposals", *_NOT_SHOWN)
    seen = [case for case in rows if actor is None or case.seen]  # type: ignore[attr-defined]
    asked, *others = _with_around([matter, *map(matter_of, seen)])
    compared = [Similar(case, likeness(asked, other)) for case, other in zip(seen, others, strict=True)]
    offered = [one for one in compared if one.likeness.likely or _same(one, matter, item, now)]
    return sorted(offered, key=lambda one: (-one.likeness.score, -one.case.pk))[:MOST]


def matter_of(case: Case) -> Matter:
    """A case as it is compared; its words are those units see."""
    return Matter(
        text=case.summary,
        title=case.title,
        place=case.place_text,
        grid=case.grid,
        lon=case.lon,
        lat=case.lat,
        item=case.item_code,
        group=case.class_code,
        at=case.opened_at,
        key=case.pk,
        premises=frozenset(keys(case.subjects or (), Premises.KIND)),
    )


def _with_around(matters: list[Matter]) -> list[Matter]:
    """The matters with the places theirs lie in, where the first is about another registered place than one of them."""
    if all(same_premises(matters[0], other) is not False for other in matters[1:]):
        return matters
    above = enclosing({uid for one in matters for uid in one.premises})
    return [replace(one, around=frozenset(_all(above, one.premises))) for one in matters]


def _all(above: Mapping[str, frozenset[str]], uids: Iterable[str]) -> Iterator[str]:
    for uid in uids:
        yield from above.get(uid, ())


def _same(one: Similar, matter: Matter, item: Item | ItemView, now: datetime) -> bool:
    """Whether the item's own rule calls it a duplicate: same kind, within its radius and hours."""
    recent = now - one.case.opened_at <= timedelta(hours=item.dup_window_h)
    near = one.metres is None or one.metres <= item.dup_radius_m
    return recent and near and one.case.item_code == matter.item and one.likeness.same_premises is not False


def _of_kind(matter: Matter, item: Item | ItemView, community: str, now: datetime) -> list[Arm]:
    """The same item, near and recent: by the point, or in the community where there is none."""
    asked = f"SELECT id FROM {_TABLE} WHERE open AND item_code = %s AND opened_at >= %s"
    params = [matter.item, now - timedelta(hours=item.dup_window_h)]
    order = f" ORDER BY opened_at DESC LIMIT {_OF_KIND}"
    if matter.lon is not None and matter.lat is not None:
        here = _box(matter.lon, matter.lat, item.dup_radius_m)
        return [(f"{asked} AND lon IS NOT NULL AND {_INSIDE}{order}", [*params, *here])]
    return [(f"{asked} AND community = %s{order}", [*params, community])] if community else []


def _near(matter: Matter, now: datetime) -> list[Arm]:
    """Whatever was said near by, of any kind, most words in common first."""
    weighed = [(term, usual().weight(term)) for term in _rarest(matter)[:_WEIGHED]]
    if matter.lon is None or matter.lat is None or not weighed:
        return []
    score = " + ".join("(terms @@ %s::tsquery)::int * %s" for _one in weighed)
    sql = (
        f"SELECT id FROM {_TABLE} WHERE open AND lon IS NOT NULL AND opened_at >= %s AND {_INSIDE}"
        f" ORDER BY {score} DESC, id DESC LIMIT {_NEAR}"
    )
    words = [value for term, weight in weighed for value in (f"'{term}'", weight)]
    return [(sql, [now - _RECENT, *_box(matter.lon, matter.lat, _AROUND_M), *words])]


def _said(matter: Matter, now: datetime) -> list[Arm]:
    """What says two of the same rare words and is not known to be far away."""
    words = _rarest(matter)
    if len(words) < 2:
        return []
    where, params = "", [words, now - _RECENT]
    if matter.lon is not None and matter.lat is not None:
        where, params = f" AND (lon IS NULL OR {_INSIDE})", [*params, *_box(matter.lon, matter.lat, _FAR_M)]
    sql = (
        f"SELECT id FROM (SELECT id FROM {_TABLE} WHERE terms @@ {_PAIRS} AND open AND opened_at >= %s{where}"
        f" LIMIT {_WALKED}) AS walked ORDER BY id DESC LIMIT {_SAID}"
    )
    return [(sql, params)]


def _rarest(matter: Matter) -> list[str]:
    """The telling words of a text, the rarest in the phrases of everyday first."""
    known = usual()
    weighed = [
        (-weight, at, term)
        for at, term in enumerate(terms.tokens(f"{matter.title} {matter.place} {matter.text[:_READ]}"))
        if (weight := known.weight(term)) > _TELLING
    ]
    return [term for _weight, _at, term in sorted(weighed)]


def _box(lon: float, lat: float, metres: float) -> list[float]:
    """West, south, east and north of the square around a point, twice as wide in degrees as it is high."""
    reach = metres / _DEGREE_M
    return [lon - 2 * reach, lat - reach, lon + 2 * reach, lat + reach]
