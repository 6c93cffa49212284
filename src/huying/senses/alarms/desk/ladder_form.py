"""A ladder as a form: eight places for steps, those left empty are none; and a step in plain words. Pure but for the words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from huying.shell.words import duration_words

from .. import words
from ..ladder import CHANNELS, LINES, MOST_RUNGS, PARTS, Rung
from .rule_form import UNIT_WORDS, UNITS, Span

SPARE: Final = 2  # empty places below those that are used


def boxes_of(rungs: Sequence[Rung]) -> list[dict[str, Any]]:
    """What the form shows of a ladder, with a few empty places below."""
    shown = [_box(Span.of(one.after) if one.after else Span("0", "s"), one.who, one.by, one.call) for one in rungs]
    spare = min(SPARE if rungs else SPARE + 1, MOST_RUNGS - len(shown))
    return shown + [_box(Span("", "min"), (), (), "") for _place in range(spare)]


def _box(span: Span, who: Sequence[str], by: Sequence[str], call: str) -> dict[str, Any]:
    return {"after": span.number, "unit": span.unit, "who": list(who), "by": list(by), "call": call}


def typed_from(given: Any) -> list[dict[str, Any]]:
    """Everything as it was typed (a ``QueryDict``)."""
    return [
        {
            "after": given.get(f"after_{n}", "").strip()[:12],
            "unit": given.get(f"unit_{n}", "min"),
            "who": [one for one in given.getlist(f"who_{n}") if one in PARTS],
            "by": [one for one in given.getlist(f"by_{n}") if one in CHANNELS],
            "call": given.get(f"call_{n}", "") if given.get(f"call_{n}", "") in LINES else "",
        }
        for n in range(MOST_RUNGS)
        if f"after_{n}" in given
    ]


def is_used(box: Mapping[str, Any]) -> bool:
    return bool(box["after"] or box["who"] or box["by"] or box["call"])


def raw_of(boxes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The steps that are filled in, as the ladder's parser reads them."""
    return [
        {"after": _seconds(box), "who": box["who"], "by": box["by"], "call": box["call"]}
        for box in boxes
        if is_used(box)
    ]


def _seconds(box: Mapping[str, Any]) -> int | None:
    """None where it is no number: the parser says so."""
    try:
        return round(float(box["after"]) * UNITS.get(box["unit"], 60))
    except (ValueError, OverflowError):
        return None


def wrong_places(boxes: Sequence[Mapping[str, Any]], fields: Mapping[str, Any]) -> dict[int, str]:
    """Place in the form → what is wrong there, from the parser's ``rungs[1].after``."""
    used = [number for number, box in enumerate(boxes) if is_used(box)]
    found: dict[int, str] = {}
    for path, text in fields.items():
        if path.startswith("rungs["):
            nth = int(path[6 : path.index("]")])
            found[used[nth] if nth < len(used) else 0] = f"{_part(path)}{text}"
        elif path == "rungs":
            found[0] = str(text)
    return found


def _part(path: str) -> str:
    parts = {"after": _("多久以后"), "who": _("通知谁"), "by": _("怎么通知")}
    name = parts.get(path.rpartition(".")[2], "")
    return _("%(part)s：") % {"part": name} if name else ""


def after_words(seconds: int) -> str:
    """``马上`` or ``3 分钟没人接手``."""
    if not seconds:
        return _("马上")
    if seconds < 60 or seconds % 60:
        return _("%(n)s 秒没人接手") % {"n": seconds}
    return _("%(span)s没人接手") % {"span": duration_words(timedelta(seconds=seconds))}


def rung_words(rung: Rung) -> str:
    """One step in a line: when, who, by which way, which call is to be made."""
    comma = _("、")
    said = _("%(when)s：通知%(who)s，用%(by)s") % {
        "when": after_words(rung.after),
        "who": comma.join(_within(words.WHO[one]) for one in rung.who),
        "by": comma.join(_within(words.CHANNELS[one]) for one in rung.by),
    }
    if rung.call:
        said += _("；请人工拨打 %(line)s") % {"line": words.WHO[rung.call]}
    return said


def _within(text: object) -> str:
    """A word as it stands within a sentence: English ones begin small there."""
    said = str(text)
    return said[:1].lower() + said[1:]


def choices() -> dict[str, Any]:
    """What the places offer."""
    return {
        "parts": [(one, words.WHO[one]) for one in PARTS],
        "channels": [(one, words.CHANNELS[one]) for one in CHANNELS],
        "lines": [(one, words.WHO[one]) for one in LINES],
        "units": [(code, said) for code, said in UNIT_WORDS.items() if code != "d"],
    }
