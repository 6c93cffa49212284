"""Forms and answers in words people read: an outline of the questions, what was answered, what a version changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from huying.casework.catalogue.words import Words, in_english

from .coercions import text
from .settling import At, Item, path_of
from .vocabulary import FILES

_MASK: Final = "＊＊＊"
_YES: Final = Words("是", "Yes")
_TYPES: Final[Mapping[str, Words]] = {
    "text": Words("文字", "Text"), "integer": Words("整数", "Whole number"), "decimal": Words("数字", "Number"),
    "date": Words("日期", "Date"), "time": Words("时间", "Time"), "datetime": Words("日期和时间", "Date and time"),
    "select_one": Words("单选", "One choice"), "select_multiple": Words("多选", "Several choices"),
    "note": Words("说明", "Note"), "calculate": Words("自动计算", "Worked out"), "geopoint": Words("定位", "Position"),
    "image": Words("照片", "Photo"), "panorama": Words("全景照片", "Panorama photo"),
    "signature": Words("签名", "Signature"), "audio": Words("录音", "Recording"), "barcode": Words("扫码", "Code"),
    "range": Words("范围", "Range"), "acknowledge": Words("确认", "Confirmation"), "hidden": Words("隐藏", "Hidden"),
    "group": Words("分组", "Group"), "repeat": Words("可重复", "Repeated"),
}  # fmt: skip
_ASPECTS: Final[Mapping[str, Words]] = {
    "type": Words("题型", "type"), "label": Words("题目", "question"), "hint": Words("提示", "hint"),
    "required": Words("是否必填", "whether it must be answered"), "relevant": Words("什么时候问", "when it is asked"),
    "constraint": Words("填写要求", "condition"), "constraint_message": Words("填错时的提示", "message"),
    "calculation": Words("怎么算", "calculation"), "choices": Words("选项", "choices"),
    "choice_filter": Words("选项筛选", "choice filter"), "finding": Words("不合格怎么办", "what failing means"),
    "registry": Words("对应的登记项", "field of the registry"), "default": Words("默认值", "default"),
    "parameters": Words("参数", "parameters"), "private": Words("是否个人信息", "whether it is personal"),
}  # fmt: skip


def spoken(words: Mapping[str, str] | None) -> str:
    """Words in the reader's language, else in whichever there is."""
    found = words or {}
    own = found.get("en" if in_english() else "zh")
    return own or next(iter(found.values()), "")


@dataclass(frozen=True, slots=True)
class Question:
    """One line of an outline; ``depth`` counts groups around it."""

    label: str
    hint: str
    kind: str
    depth: int
    required: bool
    choices: tuple[str, ...]
    finding: Mapping[str, Any] | None
    heading: bool
    private: bool
    conditional: bool


def outline(definition: Mapping[str, Any]) -> list[Question]:
    """Every question a person meets, in order."""
    return list(_outline(definition["items"], 0))


def _outline(items: Sequence[Item], depth: int) -> Iterator[Question]:
    for item in items:
        if item["type"] in ("calculate", "hidden"):
            continue
        yield Question(
            spoken(item.get("label")) or item["name"], spoken(item.get("hint")), str(_TYPES[item["type"]]), depth,
            bool(item.get("required")), tuple(spoken(one["label"]) for one in item.get("choices", ())), item.get("finding"),
            "children" in item, bool(item.get("private")), "relevant" in item,
        )  # fmt: skip
        yield from _outline(item.get("children", ()), depth + 1)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as it is read. ``upload``: the id of its file, "" for none. ``hidden``: personal, and not opened."""

    path: str
    label: str
    shown: str
    heading: bool = False
    depth: int = 0
    upload: str = ""
    failed: bool = False
    hidden: bool = False


def answers_in_words(definition: Mapping[str, Any], answers: Mapping[str, Any]) -> list[Answer]:
    """What was answered, in the order of the form; personal answers that are not there are shown as hidden."""
    return list(_answers(definition["items"], answers, (), 0))


def _answers(items: Sequence[Item], here: Mapping[str, Any], at: At, depth: int) -> Iterator[Answer]:
    for item in items:
        value, place, label = here.get(item["name"]), (*at, item["name"]), spoken(item.get("label")) or item["name"]
        if item["type"] in ("note", "hidden"):
            continue
        if item["type"] == "group":
            inside = list(_answers(item["children"], value or {}, place, depth + 1))
            if any(not one.heading and not one.hidden for one in inside):
                yield Answer(path_of(place), label, "", True, depth)
                yield from inside
        elif item["type"] == "repeat":
            for number, row in enumerate(value or ()):
                yield Answer(path_of((*place, number)), f"{label} {number + 1}", "", True, depth)
                yield from _answers(item["children"], row, (*place, number), depth + 1)
        elif value is not None and value != "" and value != []:
            failed = value in item.get("finding", {}).get("fails", ())
            upload = value if item["type"] in FILES else ""
            yield Answer(path_of(place), label, shown(item, value), False, depth, upload, failed)
        elif item.get("private"):
            yield Answer(path_of(place), label, _MASK, False, depth, hidden=True)


def shown(item: Item, value: Any) -> str:
    """One value as a person reads it."""
    names = {one["name"]: spoken(one["label"]) for one in item.get("choices", ())}
    if isinstance(value, bool):
        return str(_YES) if value else ""
    if item["type"] in FILES:
        return ""
    if item["type"] == "geopoint":
        return f"{value[1]:.6f}, {value[0]:.6f}"
    if isinstance(value, list):
        return "、".join(names.get(one, text(one)) for one in value)
    return names.get(value, text(value)) if isinstance(value, str) else text(value)


def columns(definition: Mapping[str, Any]) -> list[tuple[str, Item]]:
    """(path, question) of every question outside repeats that holds an answer: the columns of a table."""
    return [(path_of(at), item) for at, item in _columns(definition["items"], ())]


def _columns(items: Sequence[Item], at: At) -> Iterator[tuple[At, Item]]:
    for item in items:
        here = (*at, item["name"])
        if item["type"] == "group":
            yield from _columns(item["children"], here)
        elif item["type"] not in ("note", "repeat", "hidden"):
            yield here, item


@dataclass(frozen=True, slots=True)
class Difference:
    """What a version changed about one question. ``what`` is added, removed or changed."""

    what: str
    name: str
    label: str
    said: str


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What changed from one definition to the next, in the order of the newer one, removals last."""
    old, new = _flat(before["items"]), _flat(after["items"])
    found = []
    for name, item in new.items():
        label = spoken(item.get("label")) or name
        if name not in old:
            found.append(Difference("added", name, label, str(_TYPES[item["type"]])))
            continue
        aspects = [str(words) for aspect, words in _ASPECTS.items() if item.get(aspect) != old[name].get(aspect)]
        if item["path"] != old[name]["path"]:
            aspects.append(str(Words("所在分组", "group")))
        if aspects:
            found.append(Difference("changed", name, label, "、".join(aspects)))
    gone = [(name, item) for name, item in old.items() if name not in new]
    return found + [Difference("removed", name, spoken(item.get("label")) or name, "") for name, item in gone]


def _flat(items: Sequence[Item]) -> dict[str, Item]:
    return {
        name: one for item in items for name, one in ((item["name"], item), *_flat(item.get("children", ())).items())
    }


def count_checks(definition: Mapping[str, Any]) -> int:
    """How many questions can fail."""
    return sum("finding" in item for item in _flat(definition["items"]).values())
