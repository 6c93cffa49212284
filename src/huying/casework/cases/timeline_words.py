"""The history of a case in plain words: one sentence for each entry of its trace, with what was said below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _
from django_stubs_ext import StrPromise

from huying.casework.catalogue.rules import CHANNELS
from huying.casework.catalogue.stage_names import words_of_stage
from huying.ground.organisation.directory import Directory
from huying.kernel.privacy import mask_text
from huying.shell.templatetags.shell import LIGHTS
from huying.shell.words import moment_words

from .actions.transferring import CHANNELS as OUTSIDE
from .queries_desk import Happened
from .voices import is_reporters, name_of

# verb → (icon, sentence). Sentences are filled from the entry's body; what is missing stays empty.
SENTENCES: dict[str, tuple[str, StrPromise]] = {
    "open": ("megaphone", gettext_lazy("反映登记，来源：%(channel)s")),
    "join": ("people", gettext_lazy("又有人反映同一件事，共 %(reports)s 人次")),
    "accept": ("check", gettext_lazy("受理")),
    "answer": ("chat", gettext_lazy("%(unit)s当场答复，直接办结")),
    "decline": ("close", gettext_lazy("不予受理，请走：%(channel)s")),
    "reconsider": ("undo", gettext_lazy("重新受理")),
    "correct": ("edit", gettext_lazy("更正了事项或位置")),
    "dispatch": ("send", gettext_lazy("分拨给%(unit)s，%(due)s前办结")),
    "designate": ("send", gettext_lazy("指定%(unit)s办理，%(due)s前办结，不得再退")),
    "recall": ("return", gettext_lazy("撤回给%(unit)s的分拨")),
    "sign": ("check", gettext_lazy("%(unit)s签收，经办：%(person)s")),
    "object": ("flag", gettext_lazy("%(unit)s提出异议")),
    "uphold_objection": ("return", gettext_lazy("异议成立，退回重新分拨（第 %(returns)s 次）")),
    "reject_objection": ("lock", gettext_lazy("异议不成立，仍由%(unit)s办理，不得再退")),
    "escalate": ("arrow-up", gettext_lazy("从%(from_unit)s上报升级到%(unit)s，%(due)s前办结")),
    "whistle": ("whistle", gettext_lazy("吹哨，请%(units)s协办")),
    "arrive": ("pin", gettext_lazy("%(unit)s到场%(metres)s")),
    "deliver_part": ("document", gettext_lazy("%(unit)s提交协办结果")),
    "accept_part": ("check", gettext_lazy("认可%(unit)s的协办结果")),
    "refuse_part": ("return", gettext_lazy("退回%(unit)s的协办结果")),
    "rate_partner": ("star", gettext_lazy("%(by)s给%(of)s的配合打 %(score)s 分")),
    "call_meeting": ("people", gettext_lazy("发起联席会议，请%(units)s参加")),
    "record_meeting": ("people", gettext_lazy("联席会议有了结论")),
    "ask_extension": ("clock", gettext_lazy("申请延期到%(until)s")),
    "grant_extension": ("clock", gettext_lazy("批准延期到%(until)s")),
    "refuse_extension": ("close", gettext_lazy("不批准延期")),
    "ask_suspension": ("pause", gettext_lazy("申请挂账，列出节点：%(milestones)s")),
    "grant_suspension": ("pause", gettext_lazy("批准挂账，按节点办理，时限暂停")),
    "refuse_suspension": ("close", gettext_lazy("不批准挂账")),
    "reach_milestone": ("check", gettext_lazy("完成节点：%(milestone)s")),
    "resume": ("play", gettext_lazy("恢复办理，时限继续计算")),
    "transfer_out": ("forward", gettext_lazy("转出到%(channel)s")),
    "call_emergency": ("phone", gettext_lazy("紧急转接%(channel)s，本事件继续办理")),
    "record_receipt": ("document", gettext_lazy("%(channel)s回执：%(receipt)s")),
    "follow_up": ("phone", gettext_lazy("跟踪%(channel)s的办理情况")),
    "take_back": ("return", gettext_lazy("从%(channel)s收回，本地办理")),
    "finish_transfer": ("check-circle", pgettext_lazy("timeline", "转办完结")),
    "give_feedback": ("document", gettext_lazy("%(unit)s反馈办理结果")),
    "pass_check": ("check-circle", gettext_lazy("核查通过，%(late)s结案")),
    "fail_check": ("return", gettext_lazy("核查不通过，%(unit)s重办（第 %(redos)s 次）")),
    "return_call": ("phone", gettext_lazy("回访：%(call)s")),
    "rate": ("star", gettext_lazy("反映人评价 %(score)s 分")),
    "order_redo": ("return", gettext_lazy("退回%(unit)s重办（第 %(redos)s 次）")),
    "order_redo to accepted": ("return", gettext_lazy("没有解决，重新分拨（第 %(redos)s 次重办）")),
    "archive": ("lock", gettext_lazy("归档")),
    "merge": ("merge", gettext_lazy("合并到另一件事件")),
    "unmerge": ("undo", gettext_lazy("撤销合并，恢复为独立事件")),
    "absorb": ("merge", gettext_lazy("另一件事件合并进来，带来 %(reports)s 人次反映")),
    "release": ("undo", gettext_lazy("合并进来的一件事件又分了出去")),
    "note": ("edit", gettext_lazy("备注")),
    "remind": ("bell", gettext_lazy("催办，第 %(times)s 次")),
    "make_urgent": ("zap", gettext_lazy("列为紧急")),
    "attach": ("photo", gettext_lazy("上传%(stage)s %(files)s 份")),
    "warn": ("warning", gettext_lazy("时限预警：%(lights)s")),
    "correct_due": ("calendar", gettext_lazy("工作日历更正，到期时间调整：%(moved)s")),
    "wait_for_reporter": ("pause", gettext_lazy("等待反映人补充，时限暂停到%(until)s")),
    "end_wait": ("play", gettext_lazy("反映人已补充，时限继续计算")),
    "reach_stage": ("check", gettext_lazy("%(late)s完成阶段：%(stage_name)s")),
    "supervise": ("flag", gettext_lazy("发出督办单，%(due)s前回复")),
    "supervise_answer": ("chat", gettext_lazy("回复督办单")),
    "supervise_send_back": ("return", gettext_lazy("督办回复被退回")),
    "supervise_escalate": ("arrow-up", gettext_lazy("督办升级")),
    "supervise_remind": ("bell", gettext_lazy("催促回复督办单")),
    "supervise_close": ("check-circle", gettext_lazy("督办了结")),
}
OTHER: tuple[str, StrPromise] = ("circle", gettext_lazy("其他操作：%(verb)s"))

# What was said speaks for itself; only these need a word before them.
LABELS: dict[str, StrPromise] = {
    "reason": gettext_lazy("理由"),
    "told": gettext_lazy("告知反映人"),
    "purpose": gettext_lazy("事由"),
    "decision": gettext_lazy("结论"),
    "outcome": gettext_lazy("情况"),
    "comment": gettext_lazy("评语"),
}
STAGES: dict[str, StrPromise] = {
    "report": gettext_lazy("反映照片"),
    "before": gettext_lazy("处置前照片"),
    "after": gettext_lazy("处置后照片"),
    "document": gettext_lazy("材料"),
}
CLOCKS: dict[str, StrPromise] = {
    "dispatch": pgettext_lazy("clock", "分拨时限"),
    "respond": gettext_lazy("响应时限"),
    "close": gettext_lazy("办结时限"),
    "objection": gettext_lazy("异议审核时限"),
    "check": gettext_lazy("核查时限"),
    "milestone": gettext_lazy("挂账节点时限"),
    "follow_up": gettext_lazy("转出跟踪时限"),
    "request": gettext_lazy("申请审批时限"),
}


@dataclass(frozen=True, slots=True)
class Said:
    """A text of an entry; ``text`` is None once it has been erased."""

    label: str
    text: str | None


@dataclass(slots=True)
class Line:
    """One line of the timeline."""

    seq: int
    at: datetime
    icon: str
    title: str
    who: str
    state: str
    said: list[Said] = field(default_factory=list)
    case_id: int | None = None  # another case it speaks of


def lines(entries: Sequence[Happened], known: Directory, *, now: datetime) -> list[Line]:
    """The timeline, newest first. Photos put up together and voices joining one after another are one line."""
    groups: list[list[Happened]] = []
    for entry in entries:
        if groups and _together(groups[-1][-1], entry):
            groups[-1].append(entry)
        else:
            groups.append([entry])
    found = [_line(group, known, now) for group in groups]
    return list(reversed(found))


def _together(before: Happened, entry: Happened) -> bool:
    if entry.verb == before.verb == "join":
        return True
    same = entry.verb == before.verb == "attach" and entry.actor_ref == before.actor_ref
    return same and entry.body.get("stage") == before.body.get("stage")


def _line(group: Sequence[Happened], known: Directory, now: datetime) -> Line:
    entry = group[-1]
    icon, sentence = SENTENCES.get(f"{entry.verb} to {entry.body.get('to')}") or SENTENCES.get(entry.verb, OTHER)
    values = _Values(entry, len(group), known, now)
    return Line(
        seq=entry.seq,
        at=entry.at,
        icon=icon,
        title=str(sentence) % values,
        who=_who(entry, known),
        state="warn" if entry.verb in ("warn", "correct_due") else "done",
        said=[one for each in group for one in _said(each)],
        case_id=_other_case(entry),
    )


def _said(entry: Happened) -> Iterable[Said]:
    for label, text in entry.texts.items():
        shown = mask_text(text) if text is not None and is_reporters(label) else text
        yield Said(str(LABELS.get(name_of(label), "")), shown)


def _who(entry: Happened, known: Directory) -> str:
    kind = entry.actor_ref.partition(":")[0]
    if kind == "system":
        return _("系统")
    if kind == "user" and entry.unit_id is None:
        return _("反映人")
    unit = known.units.get(entry.unit_id) if entry.unit_id else None
    name = _person(entry.actor_ref, entry.actor_name, known)
    return f"{_unit_name(unit)} · {name}" if unit else name


def _person(ref: str, name: str, known: Directory) -> str:
    kind, _colon, number = ref.partition(":")
    person = known.people.get(int(number)) if kind == "person" and number.isdecimal() else None
    return person.name if person else name


def _unit_name(unit: Any) -> str:
    return str(unit.name_en if unit.name_en and (get_language() or "").startswith("en") else unit.name)


def _clock(kind: str) -> str:
    """A clock by its kind, or by the family of kinds it belongs to."""
    return str(CLOCKS.get(kind.partition(":")[0], _("阶段时限")))


def _other_case(entry: Happened) -> int | None:
    name = {"merge": "into", "absorb": "from", "unmerge": "from", "release": "to"}.get(entry.verb)
    found = entry.body.get(name) if name else None
    return found if isinstance(found, int) else None


class _Values(Mapping[str, str]):
    """What a sentence may name, made in words only when it does."""

    def __init__(self, entry: Happened, times: int, known: Directory, now: datetime) -> None:
        self.entry, self.times, self.known, self.now = entry, times, known, now

    def __getitem__(self, name: str) -> str:
        if name in _SPECIAL:
            return _SPECIAL[name](self)
        value = self.entry.body.get(name)
        return "" if value is None else str(value)

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0

    def unit(self, name: str) -> str:
        unit = self.known.units.get(self.entry.body.get(name, 0))
        return _unit_name(unit) if unit else _("已停用的单位")

    def person(self) -> str:
        person = self.known.people.get(self.entry.body.get("person") or 0)
        return person.name if person else _("未指定")

    def moment(self, name: str) -> str:
        text = self.entry.body.get(name)
        return moment_words(datetime.fromisoformat(str(text)), self.now) if text else _("期限")

    def units(self) -> str:
        rows = self.entry.body.get("units") or []
        ids = [row.get("unit") if isinstance(row, dict) else row for row in rows]
        names = [_unit_name(self.known.units[one]) for one in ids if isinstance(one, int) and one in self.known.units]
        return _("、").join(names)

    def channel(self) -> str:
        code = str(self.entry.body.get("channel", ""))
        said: object = OUTSIDE.get(code) or CHANNELS.get(code) or code
        return str(said)

    def metres(self) -> str:
        metres = self.entry.body.get("metres")
        if metres is None:
            return ""
        return ngettext("，距现场 %(n)s 米", "，距现场 %(n)s 米", metres) % {"n": metres}

    def lights(self) -> str:
        """The gravest light of each kind of clock."""
        gravest: dict[str, str] = {}
        order = list(LIGHTS)
        for row in self.entry.body.get("lights") or []:
            clock, light = str(row.get("clock", "")), str(row.get("light", ""))
            if light in order and order.index(light) >= order.index(gravest.get(clock, light)):
                gravest[clock] = light
        return _("、").join(f"{_clock(clock)} {LIGHTS[light][0]}" for clock, light in gravest.items())

    def moved(self) -> str:
        rows = [row for row in self.entry.body.get("clocks") or [] if row.get("new_due")]
        return _("、").join(
            f"{_clock(row.get('clock', ''))} → {moment_words(datetime.fromisoformat(row['new_due']), self.now)}"
            for row in rows
        )

    def milestones(self) -> str:
        rows = self.entry.body.get("milestones") or []
        return _("、").join(f"{row.get('name', '')}（{row.get('due', '')}）" for row in rows)

    def call(self) -> str:
        body = self.entry.body
        if not body.get("reached"):
            return _("未接通")
        parts = [_("已接通")]
        if body.get("responded") is not None:
            parts.append(_("有人及时联系") if body["responded"] else _("没有人及时联系"))
        if body.get("solved") is not None:
            parts.append(_("认为已解决") if body["solved"] else _("认为没有解决"))
        if body.get("satisfied"):
            parts.append(_("满意度 %(n)s 分") % {"n": body["satisfied"]})
        return _("，").join(parts)


_SPECIAL: dict[str, Callable[[_Values], str]] = {
    "unit": lambda v: v.unit("unit"),
    "from_unit": lambda v: v.unit("from_unit"),
    "by": lambda v: v.unit("by"),
    "of": lambda v: v.unit("of"),
    "person": _Values.person,
    "due": lambda v: v.moment("due"),
    "until": lambda v: v.moment("until"),
    "units": _Values.units,
    "channel": _Values.channel,
    "metres": _Values.metres,
    "lights": _Values.lights,
    "moved": _Values.moved,
    "milestones": _Values.milestones,
    "call": _Values.call,
    "late": lambda v: _("超期") if v.entry.body.get("late") else _("按期"),
    "stage": lambda v: str(STAGES.get(str(v.entry.body.get("stage", "")), _("材料"))),
    "files": lambda v: str(v.times),
    "stage_name": lambda v: str(words_of_stage(str(v.entry.body.get("stage", "")))),
    "verb": lambda v: v.entry.verb,
}
