"""Pure decisions about items: what each field may hold, whether a catalogue holds together, what has changed.

No database, no wall clock. Values are plain: limits in the notation of ``limits``, conditions in that of
``conditions``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from huying.casework.catalogue.conditions import ConditionError, parse_condition
from huying.casework.catalogue.evidence import EMERGENCY_LINES
from huying.casework.catalogue.limits import LimitError, parse_limit
from huying.casework.catalogue.words import Words

LEVELS: Mapping[str, Words] = {
    "L1": Words("网格自处", "Grid"),
    "L2": Words("社区", "Community"),
    "L3": Words("街道", "Street or town"),
    "L4": Words("区级部门", "District department"),
    "L5": Words("区级联席", "District joint meeting"),
}
CHANNELS: Mapping[str, Words] = {
    "portal": Words("居民门户", "Residents' portal"),
    "wechat": Words("微信群", "WeChat group"),
    "hotline": Words("12345热线", "Hotline 12345"),
    "visit": Words("来访", "Visit in person"),
    "grid": Words("网格巡查", "Grid patrol"),
    "department": Words("部门转办", "Referred by a department"),
    "board": Words("留言板", "Message board"),
    "device": Words("物联设备", "Device"),
    "camera": Words("视频", "Camera"),
    "api": Words("系统接口", "Interface"),
}
SOURCES: Mapping[str, Words] = {
    "S": Words("完结时限取自已读来源", "closing time taken from a source"),
    "N": Words("名称见于市级清单，时限自拟", "name from municipal lists, times our own"),
    "S-item": Words("事项见于来源，时限自拟", "item named in a source, times our own"),
    "P": Words("平台拟定", "drafted for this platform"),
    "L": Words("本地规定", "local rule"),
    "": Words("未注明", "not stated"),
}
FIELDS: Mapping[str, Words] = {
    "code": Words("编码", "Code"),
    "class_code": Words("大类编码", "Class code"),
    "class_zh": Words("大类", "Class"),
    "class_en": Words("大类英文名", "Class in English"),
    "name": Words("名称", "Name"),
    "name_en": Words("英文名称", "Name in English"),
    "level": Words("处置层级", "Level of handling"),
    "lead_trade": Words("责任行业", "Responsible trade"),
    "first_trade": Words("首问行业", "First-asked trade"),
    "co_trades": Words("配合行业", "Assisting trades"),
    "respond": Words("响应时限", "Time to respond"),
    "close": Words("完结时限", "Time to close"),
    "conditions": Words("结案条件", "Closing condition"),
    "needs_photo_min": Words("处置后照片至少", "Photos after handling, at least"),
    "allowed_channels": Words("受理渠道", "Channels"),
    "public_visible": Words("居民可见", "Shown to residents"),
    "sensitive": Words("敏感事项", "Sensitive"),
    "self_handle_allowed": Words("网格可自处", "Grid may handle it itself"),
    "auto_dispatch": Words("可自动分拨", "May be dispatched automatically"),
    "emergency_line": Words("紧急电话", "Emergency line"),
    "dup_radius_m": Words("重复判断半径（米）", "Duplicate radius (m)"),
    "dup_window_h": Words("重复判断时长（小时）", "Duplicate window (h)"),
    "can_suspend": Words("可挂账", "May be suspended"),
    "max_extensions": Words("最多延期次数", "Extensions, at most"),
    "law_basis": Words("法律依据", "Legal basis"),
    "source": Words("来源", "Source"),
    "source_note": Words("来源说明", "Note on the source"),
    "phrases": Words("居民的说法", "How residents say it"),
    "retired": Words("停用", "Retired"),
}
EDITABLE = tuple(name for name in FIELDS if name not in ("code", "class_code", "class_zh", "class_en", "retired"))
CODE = re.compile(r"\d{4}")
MOST_PHRASES, LONGEST_PHRASE = 200, 120

_REQUIRED = Words("请填写", "Fill this in")
_YES = frozenset({True, "yes", "true", "on", "1"})
_NO = frozenset({False, "no", "false", "off", "0", "", None})


class Wrong(ValueError):
    """A value that a field cannot hold; ``words`` says why."""

    def __init__(self, zh: str, en: str) -> None:
        self.words = Words(zh, en)
        super().__init__(zh)


@dataclass(frozen=True, slots=True)
class Checked:
    """Values as they may be stored, and what is wrong by field."""

    values: Mapping[str, Any]
    errors: Mapping[str, Words]


def check_fields(values: Mapping[str, Any], trades: Container[str]) -> Checked:
    """Read and judge the given fields one by one. Unknown fields are an error of their own."""
    good: dict[str, Any] = {}
    errors: dict[str, Words] = {}
    for name, value in values.items():
        reader = _READERS.get(name)
        if reader is None:
            errors[name] = Words("没有这个字段", "There is no such field")
            continue
        try:
            good[name] = reader(value, trades)
        except Wrong as wrong:
            errors[name] = wrong.words
    return Checked(good, errors)


def check_item(values: Mapping[str, Any], trades: Container[str]) -> Mapping[str, Words]:
    """What is wrong with a whole item: each field, and fields against each other."""
    checked = check_fields(values, trades)
    errors = dict(checked.errors)
    good = checked.values
    if "conditions" in good and "needs_photo_min" in good:
        asks = "C1" in parse_condition(good["conditions"]).codes()
        if asks and good["needs_photo_min"] < 1:
            errors.setdefault(
                "needs_photo_min",
                Words("结案条件含C1，处置后照片至少1张", "The condition includes C1, so at least 1 photo is needed"),
            )
    if "class_code" in good and "code" in good and not good["code"].startswith(good["class_code"]):
        errors.setdefault("code", Words("编码要以大类编码开头", "The code begins with the class code"))
    return errors


def check_catalogue(items: Sequence[Mapping[str, Any]], trades: Container[str]) -> list[tuple[str, str, Words]]:
    """Whether a catalogue can be published: (item code, field, what is wrong), by code. Code "" is the whole."""
    found = [(item["code"], name, words) for item in items for name, words in check_item(item, trades).items()]
    used = [item for item in items if not item.get("retired")]
    if not used:
        found.append(("", "", Words("目录里没有一个可用的事项", "The catalogue has no item in use")))
    twice = {name for name, times in Counter(item["name"] for item in used).items() if times > 1}
    same_name = Words("与另一个事项重名", "Another item has the same name")
    found += [(item["code"], "name", same_name) for item in used if item["name"] in twice]
    classes: dict[str, str] = {}
    two_names = Words("同一大类的名称不一致", "One class has two names")
    found += [
        (item["code"], "class_zh", two_names)
        for item in items
        if classes.setdefault(item["class_code"], item["class_zh"]) != item["class_zh"]
    ]
    return sorted(found, key=lambda one: one[:2])


def refuse_day(valid_from: date, today: date, latest: date | None) -> Words | None:
    """Why a catalogue may not take effect on a day, or None: not in the past, not before the one it follows."""
    if latest is not None and valid_from < today:
        return Words("生效日期不能早于今天", "It cannot take effect before today")
    if latest is not None and valid_from < latest:
        return Words(
            f"生效日期不能早于上一版({latest})", f"It cannot take effect before the version it follows ({latest})"
        )
    return None


def differences(before: Mapping[str, Any], after: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """The fields that differ, in their order."""
    return [name for name in names if before.get(name) != after.get(name)]


Reader = Callable[[Any, Container[str]], Any]


def _text(most: int, *, required: bool = True) -> Reader:
    def read(value: Any, _trades: Container[str]) -> str:
        text = str(value or "").strip()
        if required and not text:
            raise Wrong(_REQUIRED.zh, _REQUIRED.en)
        if len(text) > most:
            raise Wrong(f"最多{most}个字", f"At most {most} characters")
        return text

    return read


def _number(least: int, most: int) -> Reader:
    def read(value: Any, _trades: Container[str]) -> int:
        try:
            number = int(str(value).strip())
        except ValueError:
            raise Wrong("请填写整数", "Give a whole number") from None
        if not least <= number <= most:
            raise Wrong(f"应在{least}到{most}之间", f"Between {least} and {most}")
        return number

    return read


def _yes(value: Any, _trades: Container[str]) -> bool:
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise Wrong("请选择是或否", "Say yes or no")


def _one_of(known: Iterable[str], *, required: bool = True) -> Reader:
    allowed = tuple(known)

    def read(value: Any, _trades: Container[str]) -> str:
        text = str(value or "").strip()
        if text not in allowed and (text or required):
            raise Wrong(f"应为：{'、'.join(filter(None, allowed))}", f"One of: {', '.join(filter(None, allowed))}")
        return text

    return read


def _trade(*, required: bool) -> Reader:
    def read(value: Any, trades: Container[str]) -> str:
        text = str(value or "").strip()
        if required and not text:
            raise Wrong(_REQUIRED.zh, _REQUIRED.en)
        if text and text not in trades:
            raise Wrong(f"没有行业“{text}”", f"There is no trade “{text}”")
        return text

    return read


def _words(value: Any) -> list[str]:
    return value.replace(",", " ").split() if isinstance(value, str) else [str(one) for one in value or ()]


def _trade_list(value: Any, trades: Container[str]) -> list[str]:
    codes = list(dict.fromkeys(_words(value)))
    for code in codes:
        if code not in trades:
            raise Wrong(f"没有行业“{code}”", f"There is no trade “{code}”")
    return codes


def _channel_list(value: Any, _trades: Container[str]) -> list[str]:
    codes = list(dict.fromkeys(_words(value)))
    if codes == ["all"]:
        return []
    for code in codes:
        if code not in CHANNELS:
            raise Wrong(f"没有渠道“{code}”", f"There is no channel “{code}”")
    return [] if len(codes) == len(CHANNELS) else [code for code in CHANNELS if code in codes]


def _phrase_list(value: Any, _trades: Container[str]) -> list[str]:
    lines = value.splitlines() if isinstance(value, str) else [str(one) for one in value or ()]
    phrases = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if len(phrases) > MOST_PHRASES or any(len(one) > LONGEST_PHRASE for one in phrases):
        raise Wrong(
            f"最多{MOST_PHRASES}条，每条不超过{LONGEST_PHRASE}个字",
            f"At most {MOST_PHRASES} lines of {LONGEST_PHRASE} characters",
        )
    return phrases


def _limit(value: Any, _trades: Container[str]) -> str:
    text = str(value or "").strip()
    if not text:
        raise Wrong(_REQUIRED.zh, _REQUIRED.en)
    try:
        parse_limit(text)
    except LimitError as error:
        raise Wrong(error.words.zh, error.words.en) from error
    return text


def _condition(value: Any, _trades: Container[str]) -> str:
    text = str(value or "").strip().replace("->", "→")
    if not text:
        raise Wrong(_REQUIRED.zh, _REQUIRED.en)
    try:
        return str(parse_condition(text))
    except ConditionError as error:
        raise Wrong(error.words.zh, error.words.en) from error


def _code(value: Any, _trades: Container[str]) -> str:
    text = str(value or "").strip()
    if not CODE.fullmatch(text):
        raise Wrong("编码是4位数字", "The code has 4 digits")
    return text


def _class_code(value: Any, _trades: Container[str]) -> str:
    text = str(value or "").strip()
    if not re.fullmatch(r"\d{2}", text):
        raise Wrong("大类编码是2位数字", "The class code has 2 digits")
    return text


_READERS: Mapping[str, Reader] = {
    "code": _code, "class_code": _class_code, "class_zh": _text(40), "class_en": _text(80, required=False),
    "name": _text(60), "name_en": _text(120, required=False), "level": _one_of(LEVELS),
    "lead_trade": _trade(required=True), "first_trade": _trade(required=False), "co_trades": _trade_list,
    "respond": _limit, "close": _limit, "conditions": _condition, "needs_photo_min": _number(0, 9),
    "allowed_channels": _channel_list, "public_visible": _yes, "sensitive": _yes, "self_handle_allowed": _yes,
    "auto_dispatch": _yes, "emergency_line": _one_of(("", *EMERGENCY_LINES), required=False),
    "dup_radius_m": _number(0, 50_000), "dup_window_h": _number(0, 8_760), "can_suspend": _yes,
    "max_extensions": _number(0, 9), "law_basis": _text(2_000, required=False),
    "source": _one_of(SOURCES, required=False), "source_note": _text(2_000, required=False), "phrases": _phrase_list,
    "retired": _yes,
}  # fmt: skip
