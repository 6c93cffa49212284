"""How a case stands in a list: plain values with words, made once for pages and exports alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import get_language

from huying.casework.catalogue.words import Words
from huying.ground.territory import queries as territory
from huying.kernel import clock

from .. import words
from ..models import Assignment, Case
from ..queries_desk import Queue
from ..rules import OPEN_STATES, State
from ..words_desk import PART_STATES


@dataclass(frozen=True, slots=True)
class Row:
    """One case in a list."""

    case: Case
    item: str
    place: str
    area: str
    unit: str
    person: str
    state: str
    state_kind: str
    light: str
    due: datetime | None
    late_elsewhere: bool  # the light is of another limit than the one due
    runs: bool
    may_sign: bool
    mark: str  # what tells that the row has changed since


_KINDS = {
    State.PENDING: "outline",
    State.ACCEPTED: "outline",
    State.DISPATCHED: "brand",
    State.OBJECTED: "outline",
    State.HANDLING: "brand",
    State.CHECKING: "brand",
}


def rows_of(cases: Iterable[Case], queue: Queue) -> list[Row]:
    """The rows of a page; one small query for the names of areas."""
    found = list(cases)
    codes = {code for case in found for code in (case.grid, case.community, case.town) if code}
    names, now = area_names(codes), clock.now()
    return [_row(case, queue, names, now) for case in found]


def late_elsewhere(light: str, due: datetime | None, now: datetime) -> bool:
    """Whether a light tells of a limit overdue that is not the due time shown beside it: a response, a stage, a part."""
    return light in ("red", "black") and due is not None and due > now


def area_names(codes: set[str]) -> dict[str, str]:
    """Own names of areas in the reader's language, codes for unknown ones; one small query."""
    if not codes:
        return {}
    if _in_english():
        return {code: label.partition(", ")[0] for code, label in territory.labels(codes, "en").items()}
    return {code: code for code in codes} | territory.names(codes)


def _in_english() -> bool:
    return (get_language() or "").startswith("en")


def item_name(case: Case) -> str:
    """The item's name in the reader's language."""
    return str(Words(case.item.name, case.item.name_en or case.item.name))


def area_words(case: Case, names: dict[str, str]) -> str:
    """The two nearest areas, the larger first: 柳岸社区柳岸一网格."""
    parts = [names[code] for code in (case.grid, case.community, case.town) if code][:2]
    return ", ".join(parts) if _in_english() else " ".join(reversed(parts))


def state_kind(case: Case) -> str:
    """How the badge of the state looks."""
    return _KINDS.get(State(case.state), "")


def _row(case: Case, queue: Queue, names: dict[str, str], now: datetime) -> Row:
    state = State(case.state)
    said, due = words.STATES[state], case.due_at
    if queue is Queue.ASSIST:
        said, due = PART_STATES[Assignment.State(case.part_state)], case.part_due  # type: ignore[attr-defined]
    runs = state in OPEN_STATES and state is not State.SUSPENDED
    light = case.light if runs else ""
    return Row(
        case=case,
        item=item_name(case),
        place=case.place_text,
        area=area_words(case, names),
        unit=case.lead_unit.label if case.lead_unit else "",
        person=case.lead_person.label if case.lead_person else "",
        state=str(said),
        state_kind=state_kind(case),
        light=light,
        due=due if runs else None,
        late_elsewhere=late_elsewhere(light, due, now),
        runs=runs,
        may_sign=queue is Queue.MINE and state is State.DISPATCHED,
        mark=f"{case.pk}.{case.version}{case.light[:2]}",
    )
