"""Whether answers fit their form, and what they find. Nothing a phone has checked is taken for true here.

Answers that do not fit say why in both languages at their instance path (``rooms/0/area``); what was sent for questions
that are not asked is dropped. Pure: now is given, files are known by their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from huying.casework.catalogue.words import Words

from .coercions import day_of, days, moment_of, number
from .evaluating import Around, find, holds, standing
from .settling import FINDINGS, At, Item, Settled, choices_of, empty, path_of, settle
from .vocabulary import FILES, SEVERITIES, SILENT

LONGEST_DAYS: Final = 365
MOST_PHOTOS: Final = 20
LONGEST_NOTE: Final = 1000
_KINDS: Final = {"image": "image", "panorama": "image", "signature": "image", "audio": "audio"}

REQUIRED: Final = Words("这一题必须填写", "This question must be answered")
NOT_AGREED: Final = Words("请确认后再提交", "Please confirm first")
NOT_OFFERED: Final = Words("选了这里没有的选项", "A choice is not offered here")
NOT_INTEGER: Final = Words("请填整数", "Please give a whole number")
NO_DAY: Final = Words("日期或时间不对", "This is no date or time")
NO_PLACE: Final = Words("位置的经纬度不对", "The position has no valid longitude and latitude")
NO_FILE: Final = Words(
    "照片或录音没有传上来，请重新拍摄", "The photo or recording has not arrived; please take it again"
)
WRONG: Final = Words("填写的内容不符合要求", "The answer does not meet the condition")
OUT_OF_RANGE: Final = Words("请填 {least} 到 {most} 之间的数", "Please give a number from {least} to {most}")
TOO_FEW: Final = Words("至少填 {count} 组", "At least {count} entries are needed")
TOO_MANY: Final = Words("最多填 {count} 组", "At most {count} entries are possible")
PHOTO_NEEDED: Final = Words("不合格项要拍照", "A failing item needs a photo")
AFTER_NEEDED: Final = Words("现场整改要拍整改后的照片", "What was put right on the spot needs a photo afterwards")
HOW_NEEDED: Final = Words("请选现场整改还是立案处理", "Please choose: put right on the spot, or a case")
DAYS_NEEDED: Final = Words("请填 0 到 365 天的整改期限", "Please give 0 to 365 days to put it right")
SEVERITY_NEEDED: Final = Words("请选一般、严重或立即", "Please choose minor, serious or at once")
MALFORMED: Final = Words("不合格项的处理内容格式不对", "What was decided on failing items has the wrong form")


@dataclass(frozen=True, slots=True)
class Finding:
    """One failing answer. ``photos`` and ``after_photos`` are upload ids; ``solved``: put right on the spot."""

    path: str
    label: Mapping[str, str]
    answer: Mapping[str, str]
    item: str
    severity: str
    days: int
    photos: tuple[str, ...]
    solved: bool
    after_photos: tuple[str, ...]
    reinspect: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """Answers as they count, what is wrong, what was found, and what they propose to the registry.

    ``registry``: ``{"premises.risk": value}``; questions of a repeat under its path, ``{"members": [{"person.name": …}]}``.
    """

    answers: dict[str, Any]
    errors: dict[str, Words] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    registry: dict[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.errors


def check(definition: Mapping[str, Any], answers: Any, *, now: str, files: Mapping[str, str]) -> Checked:
    """Check answers against a definition.

    ``now``: ISO moment at which the form was finished. ``files``: upload id → "image" or "audio" of what arrived.
    """
    names = {item["path"]: item.get("choices", ()) for item in every(definition["items"])}

    def choice_name(path: str, name: str) -> str:
        found = next((one["label"] for one in names.get(path, ()) if one["name"] == name), None)
        return next(iter(found.values()), name) if found else name

    settled = settle(definition, answers, Around({}, now, choice_name=choice_name))
    decided = answers.get(FINDINGS) if isinstance(answers, Mapping) else None
    look = _Look(settled, files, decided if isinstance(decided, Mapping) else {})
    if decided is not None and not isinstance(decided, Mapping):
        settled.errors[FINDINGS] = MALFORMED
    look.all(definition["items"], settled.live, (), look.registry)
    _prune(settled.live)
    if look.kept:
        settled.live[FINDINGS] = look.kept
    return Checked(settled.live, settled.errors, tuple(look.findings), look.registry, tuple(dict.fromkeys(look.used)))


def every(items: Sequence[Item]) -> Iterator[Item]:
    """Every question, group and repeat, in order."""
    for item in items:
        yield item
        yield from every(item.get("children", ()))


class _Look:
    """One walk over settled answers."""

    def __init__(self, settled: Settled, files: Mapping[str, str], decided: Mapping[str, Any]) -> None:
        self.around, self.errors = settled.around, settled.errors
        self.files, self.decided = files, decided
        self.findings: list[Finding] = []
        self.kept: dict[str, Any] = {}
        self.registry: dict[str, Any] = {}
        self.used: list[str] = []

    def all(self, items: Sequence[Item], here: Mapping[str, Any], at: At, registry: dict[str, Any]) -> None:
        for item in items:
            self.one(item, here.get(item["name"]), (*at, item["name"]), registry)

    def one(self, item: Item, value: Any, at: At, registry: dict[str, Any]) -> None:
        around = standing(self.around, at, value)
        if not item.get("relevant") or holds(item["relevant"], around):
            if item["type"] == "group":
                self.all(item["children"], value or {}, at, registry)
            elif item["type"] == "repeat":
                self.rows(item, value or [], at, registry, around)
            else:
                self.question(item, value, at, registry, around)

    def rows(self, item: Item, rows: Sequence[Any], at: At, registry: dict[str, Any], around: Around) -> None:
        limits = item.get("parameters", {})
        least, most = limits.get("min", 1 if self.required(item, around) else 0), limits.get("max")
        if isinstance(least, int) and len(rows) < least:
            self.wrong(at, TOO_FEW.fill(count=least))
        if isinstance(most, int) and len(rows) > most:
            self.wrong(at, TOO_MANY.fill(count=most))
        proposed: list[dict[str, Any]] = []
        for place, row in enumerate(rows):
            proposed.append({})
            self.all(item["children"], row, (*at, place), proposed[-1])
        if any(proposed):
            registry[item["path"]] = proposed

    def question(self, item: Item, value: Any, at: At, registry: dict[str, Any], around: Around) -> None:
        if empty(value) or (item["type"] == "acknowledge" and value is not True):
            if item["type"] not in SILENT and self.required(item, around):
                self.wrong(at, NOT_AGREED if item["type"] == "acknowledge" else REQUIRED)
            return
        fault = self.fault(item, value, around)
        if fault is None and item.get("constraint") and not holds(item["constraint"], around):
            said = item.get("constraint_message", {})
            fault = Words(said.get("zh") or next(iter(said.values()), WRONG.zh), said.get("en") or WRONG.en)
        if fault is not None:
            self.wrong(at, fault)
            return
        if item["type"] in FILES:
            self.used.append(value)
        if "registry" in item:
            registry[item["registry"]] = value
        if value in item.get("finding", {}).get("fails", ()):
            self.failing(item, value, at)

    def required(self, item: Item, around: Around) -> bool:
        wanted = item.get("required", False)
        return holds(wanted, around) if isinstance(wanted, list) else bool(wanted)

    def fault(self, item: Item, value: Any, around: Around) -> Words | None:
        kind = item["type"]
        if kind in FILES:
            return None if self.files.get(value) == _KINDS[kind] else NO_FILE
        if kind in ("select_one", "select_multiple"):
            offered = {one["name"] for one in choices_of(item, around)}
            chosen = [value] if kind == "select_one" else value
            return None if all(one in offered for one in chosen) else NOT_OFFERED
        if kind == "integer" and value != int(value):
            return NOT_INTEGER
        if kind == "range":
            return _out_of_range(item.get("parameters", {}), value)
        if kind == "geopoint":
            return None if _on_earth(value) else NO_PLACE
        return None if _is_day(kind, value) else NO_DAY

    def failing(self, item: Item, value: str, at: At) -> None:
        rule, path = item["finding"], path_of(at)
        told = self.decided.get(path, {})
        if not isinstance(told, Mapping):
            self.wrong(at, MALFORMED)
            return
        how = told.get("how") or (None if rule["on_spot"] else "case")
        photos, after = self.photos(told.get("photos")), self.photos(told.get("after"))
        severity, note = told.get("severity") or rule["severity"], told.get("note") or ""
        allowed = told["days"] if told.get("days") is not None else rule["days"]
        if not photos:
            self.wrong(at, PHOTO_NEEDED, "#photos")
        if how not in ("case", "on_spot") or (how == "on_spot" and not rule["on_spot"]):
            self.wrong(at, HOW_NEEDED, "#how")
        if how == "on_spot" and not after:
            self.wrong(at, AFTER_NEEDED, "#after")
        if not isinstance(allowed, int) or isinstance(allowed, bool) or not 0 <= allowed <= LONGEST_DAYS:
            self.wrong(at, DAYS_NEEDED, "#days")
        if not isinstance(severity, str) or severity not in SEVERITIES:
            self.wrong(at, SEVERITY_NEEDED, "#severity")
        if not isinstance(note, str) or len(note) > LONGEST_NOTE:
            self.wrong(at, MALFORMED, "#note")
        if any(one == path or one.startswith(f"{path}#") for one in self.errors):
            return
        solved = how == "on_spot"
        self.used += [*photos, *(after if solved else ())]
        answer = next(one["label"] for one in item["choices"] if one["name"] == value)
        made = Finding(
            path, item.get("label", {}), answer, rule["item"], severity, allowed, photos, solved, after if solved else (),
            rule["reinspect"], note.strip(),
        )  # fmt: skip
        self.findings.append(made)
        self.kept[path] = {
            "photos": list(photos), "severity": severity, "how": how, "after": list(made.after_photos), "days": allowed,
            "note": made.note,
        }  # fmt: skip

    def photos(self, told: Any) -> tuple[str, ...]:
        """Upload ids of pictures that arrived; () where what was told is no such list."""
        if not isinstance(told, list) or len(told) > MOST_PHOTOS:
            return ()
        known = [one for one in told if isinstance(one, str) and self.files.get(one) == "image"]
        return tuple(dict.fromkeys(known)) if len(known) == len(told) else ()

    def wrong(self, at: At, words: Words, part: str = "") -> None:
        self.errors.setdefault(path_of(at) + part, words)


def _out_of_range(limits: Mapping[str, Any], value: float) -> Words | None:
    ends = sorted((number(limits.get("start", 0)), number(limits.get("end", 10))))
    if ends[0] <= value <= ends[1]:
        return None
    return OUT_OF_RANGE.fill(least=f"{ends[0]:g}", most=f"{ends[1]:g}")


def _on_earth(value: Sequence[Any]) -> bool:
    lon, lat = value[:2]
    return lon is not None and lat is not None and abs(lon) <= 180 and abs(lat) <= 90


def _is_day(kind: str, value: Any) -> bool:
    if kind == "date":
        return day_of(value) is not None
    if kind == "datetime":
        return moment_of(value) is not None
    return kind != "time" or (":" in value and "-" not in value and days(value) == days(value))


def _prune(answers: dict[str, Any]) -> None:
    """Leave out groups and repeats without any answer."""
    for name, value in list(answers.items()):
        if isinstance(value, dict):
            _prune(value)
        elif isinstance(value, list):
            for row in value:
                if isinstance(row, dict):
                    _prune(row)
        if empty(value):
            del answers[name]


def answer_at(answers: Mapping[str, Any], path: str) -> Any:
    """The answer at a path without repeats; None where there is none."""
    return find(answers, path)
