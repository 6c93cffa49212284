"""Columns nobody would read: a misspelt one must not be left out in silence, since its rule would be gone. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from huying.casework.catalogue.words import Words

from .workbook import Problem, Row

OURS: Final = "huying_"
#: Columns read here; those of languages stand for all of theirs.
READ: Final[Mapping[str, frozenset[str]]] = {
    "survey": frozenset({
        "type", "name", "label", "hint", "guidance_hint", "required", "relevant", "relevance", "constraint",
        "constraint_message", "calculation", "calculate", "default", "read_only", "readonly", "choice_filter",
        "repeat_count", "parameters", "appearance", "disabled", "huying_fails", "huying_item", "huying_severity",
        "huying_days", "huying_on_spot", "huying_reinspect", "huying_registry", "huying_private",
    }),
    "settings": frozenset({
        "form_id", "id_string", "version", "form_title", "title", "huying_post", "huying_kind", "huying_subject",
    }),
}  # fmt: skip
#: Columns of XLSForm that change what a form does and are not supported.
_CHANGING: Final[Mapping[str, Words]] = {
    "trigger": Words(
        "不支持 trigger：算出来的值总是跟着变；要只算一次，在 calculation 里写 once()",
        "trigger is not supported: what is calculated always follows; for once only, write once() in calculation",
    ),
    "required_message": Words(
        "不支持 required_message：没有填时统一提示“这一题必须填写”；请删掉这一列",
        "required_message is not supported: the same words are said everywhere; delete the column",
    ),
    "media": Words(
        "题目里不支持图片、录音、视频；请写进提示，或删掉这一列",
        "Pictures, sounds and videos in questions are not supported; say it in the hint, or delete the column",
    ),
}
_MEDIA: Final = frozenset({"image", "audio", "video", "big-image"})
_CLOSE: Final = 0.82


def unread_columns(sheet: str, rows: Sequence[Row]) -> list[Problem]:
    """A problem for each column that looks meant and would be left out; notes of the author's own are none."""
    first: dict[str, int] = {}
    for row in rows:
        for name in row.cells:
            first.setdefault(name.partition("::")[0], row.number)
    return [
        Problem(words, sheet, number, name)
        for name, number in first.items()
        if (words := _wrong(sheet, name)) is not None
    ]


def _wrong(sheet: str, name: str) -> Words | None:
    known = READ[sheet]
    if name in known:
        return None
    if sheet == "survey" and (changing := _CHANGING.get("media" if name in _MEDIA else name)) is not None:
        return changing
    near = get_close_matches(name, known, 1, _CLOSE)
    if near:
        return Words(f"没有 {name} 这一列，是不是 {near[0]}？", f"There is no column {name}; is {near[0]} meant?")
    if name.startswith(OURS):
        mine = "、".join(sorted(one for one in known if one.startswith(OURS)))
        return Words(f"没有 {name} 这一列；有的是：{mine}", f"There is no column {name}; there are: {mine}")
    return None
