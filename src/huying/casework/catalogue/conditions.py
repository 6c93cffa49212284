"""Closing conditions C1–C12 as checks a program can make.

An item names its condition as an expression: ``C1``, ``C1/C3`` (either), ``C7+C6`` (both), ``C3→C1`` (first the
one, then the other). ``+`` binds closer than ``/``, ``/`` closer than ``→``. ``unmet`` says in plain words what is
still missing; an empty list means the case may be closed as far as its evidence goes. That the checker is not the
handler is decided by the lifecycle, not here. Codes: domain paper §2.3.

Pure: no Django, no clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from itertools import pairwise

from huying.casework.catalogue.condition_words import FIELDS, MISSING, NAMES, Field
from huying.casework.catalogue.evidence import CONFIRMERS, EMERGENCY_LINES, NOTICE_KINDS, Evidence
from huying.casework.catalogue.words import Words

#: Before and after must be taken from the same spot, within this many metres.
SAME_SPOT_M = 50.0
#: Signs an answer has at least (C4).
SHORTEST_ANSWER = 10

CODES = tuple(NAMES)


class ConditionError(ValueError):
    """The expression is not one; ``words`` says why."""

    def __init__(self, zh: str, en: str) -> None:
        self.words = Words(zh, en)
        super().__init__(zh)


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing still to be handed in: for which condition, in which input, in words.

    ``or_else`` names the conditions that would do instead ("C1/C3": photographs, or an enforcement document).
    """

    code: str
    condition: str
    field: str
    text: Words
    or_else: tuple[str, ...] = ()

    def __str__(self) -> str:
        return str(self.text)


@dataclass(frozen=True, slots=True)
class Node:
    """A parsed expression: an operator over parts, or (operator "") a single code."""

    operator: str
    parts: tuple[Node, ...] = ()
    code: str = ""

    def codes(self) -> tuple[str, ...]:
        """Every condition named, once, in order of appearance."""
        found = [self.code] if self.code else [code for part in self.parts for code in part.codes()]
        return tuple(dict.fromkeys(found))

    def __str__(self) -> str:
        return self.code or self.operator.join(str(part) for part in self.parts)


def parse_condition(expression: str) -> Node:
    """Read an expression. Raises ConditionError naming the part that is wrong.

    >>> str(parse_condition(" C3 -> C1/C9 "))
    'C3→C1/C9'
    """
    text = re.sub(r"\s+", "", expression).replace("->", "→").replace("/", "/").replace("+", "+").upper()
    if not text:
        raise ConditionError("请填写结案条件", "A closing condition is needed")
    return _parse(text, ("→", "/", "+"))


def _parse(text: str, operators: tuple[str, ...]) -> Node:
    if not operators:
        if text not in NAMES:
            raise ConditionError(
                f"没有结案条件“{text}”，可用 C1–C12 和 / + →", f"There is no condition “{text}”; use C1–C12 with / + →"
            )
        return Node("", code=text)
    parts = text.split(operators[0])
    if len(parts) == 1:
        return _parse(text, operators[1:])
    return Node(operators[0], tuple(_parse(part, operators[1:]) for part in parts))


def unmet(expression: str | Node, evidence: Evidence, *, photos_min: int = 1) -> list[Missing]:
    """What the evidence still lacks; empty when the condition is met.

    For an either-or the alternative nearest to done is reported. ``photos_min`` is the item's smallest number of
    photographs after handling (at least one wherever C1 applies).
    """
    node = parse_condition(expression) if isinstance(expression, str) else expression
    return _unmet(node, evidence, max(1, photos_min))


@cache
def answer_suffices(expression: str) -> bool:
    """Whether an answer of which there is proof, and nothing else, closes such a matter: a question, advice."""
    proved = Evidence(answer="答" * SHORTEST_ANSWER, notice_kind=NOTICE_KINDS[0], notice_ref="答")
    return is_met(expression, proved)


def is_met(expression: str | Node, evidence: Evidence, *, photos_min: int = 1) -> bool:
    return not unmet(expression, evidence, photos_min=photos_min)


def _unmet(node: Node, evidence: Evidence, photos_min: int) -> list[Missing]:
    if node.code:
        return list(_CHECKS[node.code](evidence, photos_min))
    results = [_unmet(part, evidence, photos_min) for part in node.parts]
    if node.operator == "/":
        best = min(range(len(results)), key=lambda i: len(results[i]))
        others = tuple(str(part) for i, part in enumerate(node.parts) if i != best)
        return [replace(one, or_else=one.or_else + others) for one in results[best]]
    missing = [one for result in results for one in result]
    if node.operator == "→" and not missing:
        missing += _out_of_order(node, evidence)
    return list(dict.fromkeys(missing))


def _out_of_order(node: Node, evidence: Evidence) -> list[Missing]:
    """``C3→C1`` with photographs older than the document would prove nothing."""
    times = [_done_at(part, evidence) for part in node.parts]
    known = [(part, at) for part, at in zip(node.parts, times, strict=True) if at is not None]
    for (first, first_at), (second, second_at) in pairwise(known):
        if second_at < first_at:
            code = second.codes()[0]
            text = MISSING["order"].fill(first=NAMES[first.codes()[0]].zh, second=NAMES[code].zh)
            text = replace(text, en=MISSING["order"].en.format(first=NAMES[first.codes()[0]].en, second=NAMES[code].en))
            return [Missing("order", code, FIELDS[code][0].name, text)]
    return []


def _done_at(node: Node, evidence: Evidence) -> datetime | None:
    """When a condition was fulfilled, where the evidence tells."""
    moments: dict[str, Iterable[datetime | None]] = {
        "C1": [photo.at for photo in evidence.photos_after], "C2": [evidence.reinspected_at],
        "C3": [evidence.document_at], "C4": [evidence.notice_at], "C6": [evidence.confirmed_at],
        "C7": [evidence.handed_at], "C9": [evidence.accepted_at], "C10": [evidence.alarm_reset_at],
    }  # fmt: skip
    found = [at for code in node.codes() for at in moments.get(code, ()) if at is not None]
    return max(found, default=None)


def fields_for(expression: str | Node) -> tuple[Field, ...]:
    """The evidence inputs a form shows for this condition, each once, in order."""
    node = parse_condition(expression) if isinstance(expression, str) else expression
    return tuple(dict.fromkeys(field for code in node.codes() for field in FIELDS[code]))


def describe_condition(expression: str | Node) -> Words:
    """The whole condition in words: "恢复原状(前后照片);或 立案处罚(文书号)"."""
    node = parse_condition(expression) if isinstance(expression, str) else expression
    if node.code:
        return NAMES[node.code]
    joint_zh, joint_en = {"/": ("，或", ", or "), "+": ("，并且", ", and "), "→": ("，然后", ", then ")}[node.operator]
    parts = [describe_condition(part) for part in node.parts]
    return Words(joint_zh.join(part.zh for part in parts), joint_en.join(part.en for part in parts))


def _missing(condition: str, code: str, field: str, **values: object) -> Missing:
    return Missing(code, condition, field, MISSING[code].fill(**values) if values else MISSING[code])


def _restored(evidence: Evidence, photos_min: int) -> Iterable[Missing]:
    before, after = evidence.photos_before, evidence.photos_after
    if not before:
        yield _missing("C1", "before", "photos_before")
    if len(after) < photos_min:
        yield _missing("C1", "after", "photos_after", n=photos_min)
    if not before or not after:
        return
    if not any(_same_spot(a.metres_to(b)) for a in after for b in before):
        yield _missing("C1", "spot", "photos_after", n=round(SAME_SPOT_M))
    if not any(a.at is None or b.at is None or a.at > b.at for a in after for b in before):
        yield _missing("C1", "later", "photos_after")


def _same_spot(metres: float | None) -> bool:
    """Without a position nothing contradicts; the checker looks at the pictures."""
    return metres is None or metres <= SAME_SPOT_M


def _hazard_removed(evidence: Evidence, _: int) -> Iterable[Missing]:
    if not evidence.hazard_removed:
        yield _missing("C2", "hazard", "hazard_removed")
    if not evidence.reinspected_by.strip():
        yield _missing("C2", "reinspector", "reinspected_by")
    if evidence.reinspected_at is None:
        yield _missing("C2", "reinspected_at", "reinspected_at")


def _enforcement(evidence: Evidence, _: int) -> Iterable[Missing]:
    if len(evidence.document_no.strip()) < 4:
        yield _missing("C3", "document", "document_no")


def _answered(evidence: Evidence, _: int) -> Iterable[Missing]:
    if len(evidence.answer.strip()) < SHORTEST_ANSWER:
        yield _missing("C4", "answer", "answer")
    if evidence.notice_kind not in NOTICE_KINDS:
        yield _missing("C4", "notice_kind", "notice_kind")
    if not evidence.notice_ref.strip() and evidence.notice_at is None:
        yield _missing("C4", "notice_proof", "notice_ref")


def _settled(evidence: Evidence, _: int) -> Iterable[Missing]:
    if evidence.agreement_no.strip():
        return
    if not evidence.termination_no.strip():
        yield _missing("C5", "agreement", "agreement_no")
    elif not evidence.next_remedy.strip():
        yield _missing("C5", "remedy", "next_remedy")


def _delivered(evidence: Evidence, _: int) -> Iterable[Missing]:
    if not evidence.service.strip():
        yield _missing("C6", "service", "service")
    if evidence.confirmed_by not in CONFIRMERS:
        yield _missing("C6", "confirmed_by", "confirmed_by")
    if evidence.confirmed_at is None:
        yield _missing("C6", "confirmed_at", "confirmed_at")


def _handed_over(evidence: Evidence, _: int) -> Iterable[Missing]:
    if evidence.emergency_line not in EMERGENCY_LINES:
        yield _missing("C7", "line", "emergency_line")
    if not evidence.emergency_ref.strip():
        yield _missing("C7", "line_ref", "emergency_ref")
    if not evidence.follow_up.strip() or evidence.follow_up_at is None:
        yield _missing("C7", "follow_up", "follow_up")
    elif evidence.handed_at is not None and evidence.follow_up_at < evidence.handed_at:
        yield _missing("C7", "follow_up_later", "follow_up_at")


def _verified(evidence: Evidence, _: int) -> Iterable[Missing]:
    if not evidence.record_verified:
        yield _missing("C8", "verified", "record_verified")
    if not evidence.record_ref.strip():
        yield _missing("C8", "record", "record_ref")


def _planned(evidence: Evidence, _: int) -> Iterable[Missing]:
    if not evidence.plan_ref.strip() or not evidence.plan_approver.strip():
        yield _missing("C9", "plan", "plan_ref")
    dues = [step.due for step in evidence.milestones]
    if not dues or any(due is None for due in dues):
        yield _missing("C9", "milestones", "milestones")
    if evidence.accepted_at is None:
        yield _missing("C9", "acceptance", "accepted_at")


def _reset(evidence: Evidence, _: int) -> Iterable[Missing]:
    if evidence.alarm_reset_at is None:
        yield _missing("C10", "reset", "alarm_reset_at")
    if not evidence.cause_code.strip():
        yield _missing("C10", "cause", "cause_code")


def _tested(evidence: Evidence, _: int) -> Iterable[Missing]:
    if not evidence.report_ref.strip():
        yield _missing("C11", "report", "report_ref")
    if not evidence.report_action.strip():
        yield _missing("C11", "action", "report_action")


def _deliberated(evidence: Evidence, _: int) -> Iterable[Missing]:
    if not evidence.deliberation_ref.strip() or not evidence.deliberation_result.strip():
        yield _missing("C12", "deliberation", "deliberation_ref")
    if not evidence.tracking_note.strip():
        yield _missing("C12", "tracking", "tracking_note")


_CHECKS: dict[str, Callable[[Evidence, int], Iterable[Missing]]] = {
    "C1": _restored, "C2": _hazard_removed, "C3": _enforcement, "C4": _answered, "C5": _settled, "C6": _delivered,
    "C7": _handed_over, "C8": _verified, "C9": _planned, "C10": _reset, "C11": _tested, "C12": _deliberated,
}  # fmt: skip
