"""Words of forms: the eight posts, kinds, subjects, severities and question types. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from huying.casework.catalogue.words import Words

#: 综治整合后的八个岗位 the eight merged posts of the comprehensive grid, in their own order.
POSTS: Final[Mapping[str, Words]] = {
    "general": Words("综管", "General management"),
    "safety": Words("安全", "Work safety"),
    "security": Words("治安", "Public order"),
    "fire": Words("消防", "Fire safety"),
    "population": Words("人口", "Population"),
    "city": Words("城管", "City management"),
    "labour": Words("人社", "Labour and social security"),
    "food": Words("食药", "Food and medicine"),
}
KINDS: Final[Mapping[str, Words]] = {
    "inspection": Words("检查", "Inspection"),
    "collection": Words("采集", "Collection"),
    "visit": Words("走访", "Visit"),
}
SUBJECTS: Final[Mapping[str, Words]] = {
    "premises": Words("场所房屋", "Premises"),
    "person": Words("人员", "Person"),
    "household": Words("家庭", "Household"),
    "organisation": Words("单位", "Organisation"),
    "facility": Words("设施", "Facility"),
    "area": Words("区域", "Area"),
}
SEVERITIES: Final[Mapping[str, Words]] = {
    "minor": Words("一般", "Minor"),
    "serious": Words("严重", "Serious"),
    "at_once": Words("立即", "At once"),
}
#: Days to put it right where the form says nothing.
USUAL_DAYS: Final[Mapping[str, int]] = {"minor": 15, "serious": 7, "at_once": 1}

#: What an author writes in the column ``type`` → our type. A blank and an underscore are the same there.
TYPES: Final[Mapping[str, str]] = {
    "text": "text", "string": "text", "integer": "integer", "int": "integer", "decimal": "decimal", "date": "date",
    "time": "time", "datetime": "datetime", "note": "note", "calculate": "calculate", "geopoint": "geopoint",
    "gps": "geopoint", "image": "image", "photo": "image", "audio": "audio", "barcode": "barcode", "range": "range",
    "acknowledge": "acknowledge", "trigger": "acknowledge", "hidden": "hidden",
}  # fmt: skip
#: Types of XLSForm that say what every submission holds anyway: who, when, on which device. They are passed over.
RECORDED_ANYWAY: Final = frozenset(
    {"start", "end", "today", "username", "deviceid", "phonenumber", "email", "audit", "start-geopoint"}
)
FILES: Final = frozenset({"image", "panorama", "signature", "audio"})
SILENT: Final = frozenset({"note", "calculate", "hidden"})


def code_of(vocabulary: Mapping[str, Words], text: str) -> str:
    """The code of a word written as code, Chinese or English; "" for none of them."""
    wanted = text.strip().casefold()
    return next(
        (code for code, words in vocabulary.items() if wanted in (code, words.zh.casefold(), words.en.casefold())), ""
    )


def offered(vocabulary: Mapping[str, Words]) -> str:
    """Every Chinese word of a vocabulary, for messages."""
    return "、".join(words.zh for words in vocabulary.values())
