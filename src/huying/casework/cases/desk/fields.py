"""The inputs of a step's form: what is asked, what is offered, and reading what was sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django_stubs_ext import StrOrPromise

from huying.kernel.errors import Invalid
from huying.kernel.numbers import whole_number

from .. import queries_desk as reads
from .pickers import unit_from

if TYPE_CHECKING:
    from .scene import Scene

Options = Sequence[tuple[Any, ...]]
MILESTONE_ROWS = 4
UNIT_ROWS = 4


@dataclass(frozen=True, slots=True)
class Field:
    """One input. ``kind``: text long unit units moment select yes_no score milestones case photos document tick."""

    name: str
    kind: str
    label: StrOrPromise
    hint: StrOrPromise = ""
    required: bool = True
    options: Callable[[Scene], Options] | None = None
    first: Callable[[Scene], str] | None = None  # what stands in it before anybody typed
    evidence: bool = False  # belongs to the closing condition


@dataclass(slots=True)
class Shown:
    """An input as drawn: with its choices, what was typed, and what was wrong with it."""

    field: Field
    options: Options = ()
    value: str = ""
    values: list[Any] = made(default_factory=list)
    error: str = ""


def shown(fields: Sequence[Field], scene: Scene, typed: QueryDict | None, errors: Mapping[str, str]) -> list[Shown]:
    """The inputs of a form, keeping what was typed."""
    return [_shown(one, scene, typed, errors) for one in fields]


def _shown(one: Field, scene: Scene, typed: QueryDict | None, errors: Mapping[str, str]) -> Shown:
    given = typed if typed is not None else QueryDict()
    value = given.get(one.name, "") if typed is not None else (one.first(scene) if one.first else "")
    values: list[Any] = []
    if one.kind == "units":
        values = (given.getlist(one.name) + [""] * UNIT_ROWS)[:UNIT_ROWS]
    elif one.kind == "milestones":
        pairs = list(zip(given.getlist("milestone_name"), given.getlist("milestone_due"), strict=False))
        values = (pairs + [("", "")] * MILESTONE_ROWS)[: max(MILESTONE_ROWS, len(pairs))]
    return Shown(one, one.options(scene) if one.options else (), value, values, errors.get(one.name, ""))


def read(fields: Sequence[Field], scene: Scene, given: QueryDict) -> dict[str, Any]:
    """The values sent, in their own types. Empty ones are empty: the lifecycle says what may not be missing.

    Raises Invalid naming every input that cannot be read.
    """
    values: dict[str, Any] = {}
    errors: dict[str, StrOrPromise] = {}
    for one in fields:
        try:
            values[one.name] = _READ.get(one.kind, _text)(one, scene, given)
        except Invalid as error:
            errors[one.name] = str(error)
    if errors:
        raise Invalid(fields=errors, hint=_("请改正标出的内容。"))
    return values


def _text(one: Field, scene: Scene, given: QueryDict) -> str:
    value = given.get(one.name, "").strip()
    offered = one.options(scene) if one.kind == "select" and one.options else None
    if value and offered is not None and value not in [str(option[0]) for option in offered]:
        raise Invalid(_("请从列出的选项中选择。"), field=one.name)
    return value


def _unit(one: Field, scene: Scene, given: QueryDict) -> int | None:
    return unit_from(given.get(one.name, ""), scene.known, field=one.name)


def _units(one: Field, scene: Scene, given: QueryDict) -> list[int]:
    found = [unit_from(text, scene.known, field=one.name) for text in given.getlist(one.name)]
    return list(dict.fromkeys(unit_id for unit_id in found if unit_id is not None))


def _moment(one: Field, scene: Scene, given: QueryDict) -> datetime | None:
    text = given.get(one.name, "").strip()
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(_("请填写日期和时间，例如 2026-03-10 14:30。"), field=one.name) from error
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _yes_no(one: Field, scene: Scene, given: QueryDict) -> bool | None:
    return {"yes": True, "no": False}.get(given.get(one.name, ""))


def _number(one: Field, scene: Scene, given: QueryDict) -> int | None:
    text = given.get(one.name, "").strip()
    if not text:
        return None
    found = whole_number(text)
    if found is None:
        raise Invalid(_("请从列出的选项中选择。"), field=one.name)
    return found


def _milestones(one: Field, scene: Scene, given: QueryDict) -> list[tuple[str, date]]:
    found: list[tuple[str, date]] = []
    for name, due in zip(given.getlist("milestone_name"), given.getlist("milestone_due"), strict=False):
        if not name.strip() and not due.strip():
            continue
        try:
            found.append((name.strip(), date.fromisoformat(due.strip())))
        except ValueError as error:
            raise Invalid(_("每个节点都要有日期。"), field=one.name) from error
        if not name.strip():
            raise Invalid(_("每个节点都要有名称。"), field=one.name)
    return found


def _case(one: Field, scene: Scene, given: QueryDict) -> int | None:
    """Another case, by its number."""
    text = given.get(one.name, "").strip()
    if not text:
        return None
    found = reads.find_by_number(scene.actor, text)
    if found is None:
        raise Invalid(_("没有找到编号为 %(number)s 的事件。") % {"number": text[:24]}, field=one.name)
    return found


def _tick(one: Field, scene: Scene, given: QueryDict) -> bool:
    return bool(given.get(one.name))


def _file(one: Field, scene: Scene, given: QueryDict) -> None:
    """Files are taken in by the view."""


_READ: dict[str, Callable[[Field, Scene, QueryDict], Any]] = {
    "unit": _unit,
    "units": _units,
    "moment": _moment,
    "yes_no": _yes_no,
    "score": _number,
    "number": _number,
    "milestones": _milestones,
    "case": _case,
    "tick": _tick,
    "photos": _file,
}
