"""What a fate is made of: steps, plans, and the tables that name states and right channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

DueOf = Callable[[str, datetime], "datetime | None"]
NOTHING: Mapping[str, object] = MappingProxyType({})
STATE_AFTER = {
    "dispatch": "dispatched", "redispatch": "dispatched", "sign": "handling", "object": "objected",
    "designate": "handling", "extension_ask": "extension_asked", "extension_grant": "handling",
    "suspend": "suspended", "resume": "handling", "escalate": "dispatched", "feedback": "checking",
    "check_fail": "redo", "check_pass": "closed", "reopen": "redo", "archive": "archived",
    "merge": "merged", "decline": "declined", "transfer": "transferred",
}  # fmt: skip
TRANSFER_TO = {"05": "119", "06": "119", "08": "110", "04": "122", "14": "120", "15": "120", "09": "court"}
DECLINE_TO = {
    "0908": ("劳动仲裁",), "0909": ("劳动仲裁",), "0920": ("法院", "信访"), "0917": ("信访", "行政复议"), "1604": ("纪检监察",),
    "1601": ("信息公开",), "0302": ("行政复议", "已办结"), "09": ("法院", "法院", "信访"), "0710": ("法院",),
    "": ("已办结", "已办结", "补充信息"),
}  # fmt: skip
# states the loader can ask to be present among the newest matters
WANTS = ("waiting", "unsigned", "objected", "extension_asked", "whistled", "checking", "redo", "calling", "stuck")


class Step(NamedTuple):
    """One act. ``by`` is the role acting; ``extra`` holds what the act needs besides words.

    Verbs: accept dispatch object objection_accept objection_reject redispatch designate sign note escalate whistle
    arrive meeting extension_ask extension_grant suspend milestone suspension_review resume feedback check_fail
    check_pass reopen return_call rate archive merge decline transfer transfer_receipt supervise supervise_reply.
    """

    verb: str
    at: datetime
    by: str
    text: str = ""
    extra: Mapping[str, object] = NOTHING


@dataclass(frozen=True, slots=True)
class FatePlan:
    """``state`` is the state reached at ``end``; ``due`` the closing limit; ``on_time`` None while undecided."""

    steps: tuple[Step, ...]
    state: str
    due: datetime | None
    on_time: bool | None
    marks: frozenset[str] = frozenset()
    into: str = ""  # source id of the report it was merged into

    @property
    def answered_at(self) -> datetime | None:
        """When the unit gave its (first) feedback, if it did."""
        return next((step.at for step in self.steps if step.verb == "feedback"), None)
