"""Turns a fate into acts the platform knows: every step somebody really takes, in order, none after the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from .plans import NOTHING, DueOf, Step
from .rhythm import VoicedReport
from .worktime import WorkTime

QUIET = timedelta(days=7)
LONG_AGO = timedelta(days=14)  # before that few of the rarer turns are played: they are taken one at a time
_RARE = frozenset({
    "whistle", "arrive", "deliver_parts", "accept_parts", "call_meeting", "record_meeting", "escalate", "supervise",
    "answer_order", "close_order",
})  # fmt: skip
# how a fate names the right channel, and how the platform does
CHANNEL = {
    "法院": "court", "劳动仲裁": "arbitration", "行政复议": "review", "信访": "petition", "信息公开": "disclosure",
    "纪检监察": "discipline", "已办结": "other", "补充信息": "other",
}  # fmt: skip
_SAME = frozenset({
    "accept", "sign", "note", "object", "escalate", "arrive", "redispatch", "designate", "feedback", "check_fail",
    "check_pass", "reopen", "rate", "merge", "milestone", "resume", "dispatch",
})  # fmt: skip
_RENAMED = {
    "objection_accept": "uphold", "objection_reject": "reject", "extension_ask": "ask_extension",
    "extension_grant": "grant_extension", "supervise_reply": "answer_order",
}  # fmt: skip


class Act(NamedTuple):
    """One act on the matter of one report; ``by`` is the role acting."""

    at: datetime
    source_id: str
    number: int
    verb: str
    by: str
    text: str = ""
    extra: object = NOTHING

    @property
    def key(self) -> str:
        return f"{self.source_id}/{self.number}"

    def get(self, name: str, default: object = None) -> object:
        return self.extra.get(name, default)  # type: ignore[attr-defined]


PicturesOf = Callable[[str], int]  # of an item: how many pictures of after its closing condition asks for


class Playwright:
    """Writes the acts of reports; deterministic by its generator."""

    def __init__(
        self, rng: Random, began: datetime, end: datetime, photos_from: datetime, respond_of: DueOf | None = None,
        pictures_of: PicturesOf | None = None,
    ) -> None:  # fmt: skip
        self.rng, self.end, self.photos_from, self.respond_of = rng, end, photos_from, respond_of
        self.pictures_of = pictures_of or (lambda _item_code: 0)
        self.time = WorkTime((began - timedelta(days=2)).date(), (end - began).days + 60)

    def acts(self, told: VoicedReport) -> list[Act]:
        """The acts of one report's matter, in order of time, up to the end."""
        found: list[Act] = []
        now = asked = told.at
        thinned = told.at < self.end - LONG_AGO and self.rng.random() < 0.94
        for at, verb, by, text, extra in self._drafts(told):
            if thinned and verb in _RARE:
                continue
            if verb == "sign":
                at = self._in_time(told.item_code, asked, at)
            now = max(at, now + timedelta(seconds=1))
            if now > self.end:
                break
            asked = now if verb in ("dispatch", "redispatch", "escalate") else asked
            found.append(Act(now.astimezone(UTC), told.source_id, len(found), verb, by, text, extra))
        return found

    def _in_time(self, code: str, asked: datetime, at: datetime) -> datetime:
        """Most units sign before their respond limit ends; a few do not."""
        due = self.respond_of(code, asked) if self.respond_of is not None else None
        if due is None or at < due or self.rng.random() < 0.03:
            return at
        return max(asked + timedelta(minutes=1), due - timedelta(minutes=self.rng.uniform(2, 22)))

    def _drafts(self, told: VoicedReport) -> Iterator[tuple[datetime, str, str, str, object]]:
        steps = told.fate.steps
        heard, closed = False, None
        if told.photo and told.at >= self.photos_from:
            yield told.at, "attach", "reporter", "", {"stage": "report", "kind": told.photo}
        for place, step in enumerate(steps):
            following = steps[place + 1].at if place + 1 < len(steps) else None
            if step.verb == "check_pass":
                closed, heard = step.at, False
            if step.verb == "rate" or (step.verb == "return_call" and step.text and "未接" not in step.text):
                heard = True
            if step.verb == "archive":
                if not heard and closed is not None:
                    step = step._replace(at=max(step.at, closed + QUIET + timedelta(hours=self.rng.uniform(1, 20))))
                yield step.at, "archive", "system", "", NOTHING
            else:
                yield from self._step(told, step, following)

    def _step(
        self, told: VoicedReport, step: Step, following: datetime | None
    ) -> Iterator[tuple[datetime, str, str, str, object]]:
        verb, at = step.verb, step.at
        if verb == "feedback":
            yield from self._answer(told, step)
        elif verb in _SAME:
            yield at, verb, step.by, step.text, step.extra
        elif verb in _RENAMED:
            yield at, _RENAMED[verb], step.by, step.text, step.extra
            if verb == "supervise_reply":
                yield (
                    self._between(at, following, 0.5),
                    "close_order",
                    "supervisor",
                    "已按要求办理，跟踪到位。",
                    NOTHING,
                )
        elif verb == "decline":
            channel = CHANNEL[str(step.extra.get("channel", "已办结"))]
            yield at, "decline", step.by, step.text, {"channel": channel}
        elif verb == "return_call":
            yield from self._calls(step)
        elif verb == "whistle":
            yield at, "whistle", step.by, step.text, step.extra
        elif verb == "meeting":
            yield at, "call_meeting", "centre_lead", "多家单位职责交叉，请到会商定方案。", NOTHING
            if following is not None or self.end - at > timedelta(days=4):
                yield self._between(at, following, 0.6), "record_meeting", "centre_lead", step.text, NOTHING
        elif verb == "suspend":
            yield at, "ask_suspension", "handler", step.text, step.extra
            yield self.time.after(at, self.rng.uniform(40, 700)), "grant_suspension", "centre_lead", "", NOTHING
        elif verb == "suspension_review":
            yield at, "note", "supervisor", step.text, NOTHING
        elif verb == "transfer":
            yield at, "transfer", step.by, step.text, {"channel": step.extra["to"], "receipt": step.extra["receipt"]}
        elif verb == "transfer_receipt":
            yield from self._transferred(told, step)
        elif verb == "supervise":
            yield at, "supervise", "supervisor", step.text, NOTHING

    def _answer(self, told: VoicedReport, step: Step) -> Iterator[tuple[datetime, str, str, str, object]]:
        """Parts are accepted and pictures attached just before the unit answers."""
        minute = timedelta(minutes=1)
        if "whistled" in told.fate.marks:
            yield step.at - 40 * minute, "deliver_parts", "handler", "协办事项已完成，现场情况和材料已上传。", NOTHING
            yield step.at - 25 * minute, "accept_parts", "handler", "配合及时，结果有效。", NOTHING
        needed = self.pictures_of(told.item_code)
        kind = str(step.extra.get("photo", "")).partition("-")[0] or ("generic" if needed else "")
        if kind and step.at >= self.photos_from:
            if not told.photo or told.at < self.photos_from:
                yield step.at - 9 * minute, "attach", "handler", "处置前", {"stage": "before", "kind": kind}
            for _number in range(max(needed, 1)):
                yield step.at - 2 * minute, "attach", "handler", "处置后", {"stage": "after", "kind": kind}
        yield step.at, "feedback", step.by, step.text, step.extra

    def _calls(self, step: Step) -> Iterator[tuple[datetime, str, str, str, object]]:
        if "未接" not in step.text:
            solved = bool(step.extra.get("solved"))
            score = self.rng.choices((5, 4, 3), (60, 30, 10))[0] if solved else self.rng.choices((2, 1), (60, 40))[0]
            yield step.at, "return_call", step.by, step.text, {"reached": True, "solved": solved, "satisfied": score}
            return
        for turn, words in enumerate(("未接通", "再次拨打仍未接通", step.text)):
            yield step.at + timedelta(minutes=45 * turn), "return_call", step.by, words, {"reached": False}

    def _transferred(self, told: VoicedReport, step: Step) -> Iterator[tuple[datetime, str, str, str, object]]:
        hours = self.rng.uniform
        seat, desk = "seat", "dispatcher"
        yield step.at, "receipt", seat, "", {"receipt": f"HZ-{self.rng.randint(100000, 999999)}"}
        yield step.at + timedelta(hours=hours(20, 50)), "follow_up", seat, step.text, NOTHING
        yield step.at + timedelta(hours=hours(51, 60)), "finish_transfer", desk, "", NOTHING
        called = {"reached": True, "solved": True, "satisfied": 4}
        yield (
            step.at + timedelta(hours=hours(62, 80)),
            "return_call",
            seat,
            "已接通，当事人知悉对方单位处理结果。",
            called,
        )
        yield step.at + timedelta(hours=hours(100, 150)), "archive", "system", "", NOTHING

    def _between(self, at: datetime, following: datetime | None, share: float) -> datetime:
        later = self.time.after(at, self.rng.uniform(60, 420))
        return later if following is None else min(later, at + (following - at) * share)
