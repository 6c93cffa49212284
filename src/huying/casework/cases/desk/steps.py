"""The steps a case's page offers: for each action of the lifecycle its form and the call that takes it.

Dispatch, designation, escalation, whistle and correction are not here: they need new due times and belong to the room above,
which hangs its forms in the page's slot ``actions``. Rating belongs to reporters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override
from django_stubs_ext import StrPromise

from huying.casework.catalogue.stage_names import words_of_stage
from huying.shell.words import moment_words

from .. import actions, words
from ..actions import transferring
from ..actions.assigning import may_work
from ..rules import Action
from ..turns import refuse
from .evidence import notice_options
from .fields import Field, Options
from .scene import Scene

Given = Mapping[str, Any]
Take = Callable[..., Any]
ATTACH: Final = "attach"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what it is called, what it asks, and how it is taken."""

    action: Action
    icon: str
    take: Take
    fields: tuple[Field, ...] = ()
    says: StrPromise | str = ""
    checked: bool = False  # the action itself compares the version
    danger: bool = False

    @property
    def words(self) -> StrPromise:
        return words.ACTIONS[self.action]

    @property
    def bare(self) -> bool:
        """Whether one press is enough."""
        return not any(field.required for field in self.fields)


def _reason(hint: StrPromise | str = "") -> Field:
    return Field("reason", "long", _("理由"), hint)


def _note() -> Field:
    return Field("note", "long", _("备注"), required=False)


def _people(scene: Scene) -> Options:
    lead = scene.case.lead_unit_id
    return [(one, scene.known.people[one].name) for one in may_work(lead, scene.known)] if lead else []


def _delivered(scene: Scene) -> Options:
    return [(part.unit_id, part.unit.label) for part in scene.delivered_parts()]


def _own_parts(scene: Scene) -> Options:
    return [(part.unit_id, part.unit.label) for part in scene.own_parts()]


def _partners(scene: Scene) -> Options:
    """For the lead the units that came, for a unit that came the lead."""
    parts = [part for part in scene.beside.parts if part.state not in ("recalled", "dropped")]
    if {"lead", "lead_head"} & {str(party) for party in scene.parties}:
        return list(dict.fromkeys((part.unit_id, part.unit.label) for part in parts))
    lead = scene.case.lead_unit
    return [(lead.pk, lead.label)] if lead and parts and "assist" in {str(party) for party in scene.parties} else []


def _milestones(scene: Scene) -> Options:
    return [(one.pk, f"{one.name}（{one.due_on:%m-%d}）") for one in scene.open_milestones()]


def _stages(scene: Scene) -> Options:
    return [(one, str(words_of_stage(one))) for one in scene.facts.stages]


def _outside(scene: Scene) -> Options:
    return list(transferring.CHANNELS.items())


def _emergency(scene: Scene) -> Options:
    channels = transferring.CHANNELS
    return [(code, channels[code]) for code in transferring.EMERGENCY_CHANNELS]


def _told(scene: Scene) -> str:
    asked = scene.beside.extension
    if asked is None:
        return ""
    with override(settings.LANGUAGE_CODE):  # whatever the reader of this page speaks
        until = moment_words(asked.until, scene.now)
    return f"您反映的“{scene.case.title}”需要更多时间办理，预计{until}前办结。给您带来不便，请谅解。"


def _uphold(yes: bool) -> Take:
    def decide(case_id: int, **given: Any) -> None:
        actions.decide_objection(case_id, uphold=yes, **given)

    return decide


def _into(case_id: int, *, into: int | None, **given: Any) -> None:
    if into is None:
        raise refuse("missing_into")
    actions.merge_case(case_id, into_id=into, **given)


def _of_unit(take: Take) -> Take:
    """The lists name the unit ``unit``, the actions ``unit_id``."""

    def act(case_id: int, *, unit: str | int | None = None, **given: Any) -> None:
        take(case_id, unit_id=int(unit) if unit else None, **given)

    return act


def _sign(case_id: int, *, person: str = "", **given: Any) -> None:
    actions.sign_case(case_id, person_id=int(person) if person else None, **given)


def _object(case_id: int, *, suggested: int | None = None, **given: Any) -> None:
    actions.object_to_case(case_id, suggested_unit_id=suggested, **given)


def _meeting(case_id: int, *, units: list[int], **given: Any) -> None:
    actions.call_meeting(case_id, unit_ids=units, **given)


def _milestone(case_id: int, *, milestone: str, **given: Any) -> None:
    if not milestone:
        raise refuse("missing_milestone")
    actions.reach_milestone(case_id, int(milestone), **given)


def _handed_over(scene: Scene) -> Options:
    """Where it was handed over to: the whole case once transferred, before that emergencies."""
    whole = str(scene.case.state) == "transferred"
    made = [one for one in scene.beside.transfers if one.whole == whole and one.taken_back_at is None]
    said = transferring.CHANNELS
    return [(one.pk, f"{said.get(one.channel, one.channel)} · {moment_words(one.made_at, scene.now)}") for one in made]


def _latest(scene: Scene) -> str:
    made = _handed_over(scene)
    return str(made[-1][0]) if made else ""


def _of_transfer(take: Take) -> Take:
    def act(case_id: int, *, transfer: str = "", **given: Any) -> None:
        take(case_id, transfer_id=int(transfer) if transfer else None, **given)

    return act


_TRANSFER = Field("transfer", "select", _("哪一次转接"), required=False, options=_handed_over, first=_latest)
_UNIT_OF_PART = Field("unit", "select", _("单位"), options=_delivered)
_OWN_UNIT = Field("unit", "select", _("代表哪个单位"), required=False, options=_own_parts)
_RECEIPT = Field("receipt", "text", _("回执编号"), _("对方给的编号，没有可以以后补登。"), required=False)
_FEEDBACK = Field("text", "long", _("办理情况"), _("做了什么、结果怎样。"))

STEPS: Final[dict[Action, Step]] = {
    step.action: step
    for step in (
        Step(Action.ACCEPT, "check", actions.accept_case, checked=True, says=_("受理后进入待分拨。")),
        Step(
            Action.DECLINE, "close", actions.decline_case,
            (Field("channel", "select", _("请居民改走"), options=_outside), _reason(_("会原样告诉反映人。"))),
            _("不属于受理范围时，写明理由，并告诉居民该找谁。"), checked=True, danger=True,
        ),
        Step(
            Action.ANSWER, "chat", actions.answer_case,
            (Field("text", "long", _("答复内容"), _("会原样告诉反映人。")),
             Field("notice", "select", _("怎样告知"), options=notice_options, first=lambda _scene: "call")),
            _("咨询、建议能当场答复的，答复后直接办结，不再派单。"), checked=True,
        ),
        Step(Action.RECONSIDER, "undo", actions.reconsider_case, (_reason(),)),
        Step(Action.RECALL, "return", actions.recall_case, (_reason(),), _("对方签收前可以撤回，重新分拨。"), checked=True),
        Step(
            Action.SIGN, "check", _sign,
            (Field("person", "select", _("经办人"), _("不选就是您本人。"), required=False, options=_people),),
            _("签收后由本单位承办。"), checked=True,
        ),
        Step(
            Action.OBJECT, "flag", _object,
            (_reason(), Field("suggested", "unit", _("建议由谁办"), required=False)),
            _("明显不是本单位职责的，说明理由，由分拨中心审核。"), checked=True,
        ),
        Step(Action.UPHOLD_OBJECTION, "check", _uphold(True), (_reason(),), _("退回重新分拨，计一次退回。"), checked=True),
        Step(Action.REJECT_OBJECTION, "lock", _uphold(False), (_reason(),), _("仍由原单位办理，不得再退。"), checked=True),
        Step(Action.ARRIVE, "pin", _of_unit(actions.arrive), (_OWN_UNIT,)),
        Step(Action.DELIVER_PART, "document", _of_unit(actions.deliver_part), (Field("text", "long", _("协办结果")), _OWN_UNIT)),
        Step(Action.ACCEPT_PART, "check", _of_unit(actions.accept_part), (_UNIT_OF_PART,)),
        Step(Action.REFUSE_PART, "return", _of_unit(actions.refuse_part), (_UNIT_OF_PART, _reason())),
        Step(
            Action.RATE_PARTNER, "star", _of_unit(actions.rate_partner),
            (Field("unit", "select", _("单位"), options=_partners), Field("score", "score", _("配合得怎样")), _note()),
        ),
        Step(
            Action.CALL_MEETING, "people", _meeting,
            (Field("purpose", "long", _("会议事由")), Field("units", "units", _("请哪些单位参加")),
             Field("planned_at", "moment", _("开会时间"), required=False)),
        ),
        Step(Action.RECORD_MEETING, "people", actions.record_meeting, (Field("decision", "long", _("会议结论")),)),
        Step(
            Action.ASK_EXTENSION, "clock", actions.ask_extension,
            (Field("until", "moment", _("延长到"), _("几次延期合计不能超过原时限。")), _reason()), checked=True,
        ),
        Step(
            Action.GRANT_EXTENSION, "check", actions.grant_extension,
            (Field("told", "long", _("告知居民的话"), _("批准后发给每一位反映人。"), first=_told),),
        ),
        Step(Action.REFUSE_EXTENSION, "close", actions.refuse_extension, (_reason(),)),
        Step(
            Action.ASK_SUSPENSION, "pause", actions.ask_suspension,
            (_reason(), Field("milestones", "milestones", _("节点计划"), _("哪一天完成什么，至少一个。"))),
            _("短期内确实办不完的，列出节点计划，由中心审批。"), checked=True,
        ),
        Step(Action.GRANT_SUSPENSION, "check", actions.grant_suspension, (_note(),), _("批准后时限暂停，按节点办理。")),
        Step(Action.REFUSE_SUSPENSION, "close", actions.refuse_suspension, (_reason(),)),
        Step(
            Action.REACH_MILESTONE, "check", _milestone,
            (Field("milestone", "select", _("完成了哪个节点"), options=_milestones), _note()),
        ),
        Step(Action.RESUME, "play", actions.resume_case, (_note(),), _("时限从暂停处继续计算。")),
        Step(
            Action.REACH_STAGE, "check", actions.reach_stage,
            (Field("stage", "select", _("完成了哪个阶段"), options=_stages), _note()),
            _("例如已责令停工。这一段的时限到此为止，其余照常计算。"), checked=True,
        ),
        Step(
            Action.WAIT_FOR_REPORTER, "pause", actions.wait_for_reporter,
            (_reason(_("请反映人补充什么。")),), _("办结时限暂停，只能等一次；到期自动恢复。"), checked=True,
        ),
        Step(Action.END_WAIT, "play", actions.end_wait, (_note(),), _("时限从暂停处继续计算。"), checked=True),
        Step(
            Action.TRANSFER_OUT, "forward", actions.transfer_out,
            (Field("channel", "select", _("转到哪里"), options=_outside), _reason(), _RECEIPT),
            _("整件转出，仍在这里跟踪到对方有结果。"), danger=True,
        ),
        Step(
            Action.RECORD_RECEIPT, "document", _of_transfer(actions.record_receipt),
            (Field("receipt", "text", _("回执编号")), _TRANSFER),
        ),
        Step(
            Action.FOLLOW_UP, "phone", _of_transfer(actions.follow_up_transfer),
            (Field("outcome", "long", _("跟踪结果")), _TRANSFER),
        ),
        Step(Action.TAKE_BACK, "return", actions.take_back_transfer, (_reason(),)),
        Step(Action.FINISH_TRANSFER, "check-circle", actions.finish_transfer),
        Step(
            Action.CALL_EMERGENCY, "phone", actions.call_emergency,
            (Field("channel", "select", _("紧急电话"), options=_emergency),
             Field("reason", "long", _("情况"), required=False), _RECEIPT),
            _("紧急力量先去，本事件在这里继续办理。"), danger=True,
        ),
        Step(Action.GIVE_FEEDBACK, "document", actions.give_feedback, (_FEEDBACK,), checked=True),
        Step(Action.PASS_CHECK, "check-circle", actions.pass_check, (_note(),), _("核查通过即结案，等待回访。"), checked=True),
        Step(Action.FAIL_CHECK, "return", actions.fail_check, (_reason(),), _("退给原单位重办。"), checked=True),
        Step(
            Action.RETURN_CALL, "phone", actions.record_return_call,
            (Field("reached", "yes_no", _("是否接通")), Field("responded", "yes_no", _("是否及时联系过您"), required=False),
             Field("solved", "yes_no", _("问题解决了吗"), required=False),
             Field("satisfied", "score", _("满意吗"), required=False), _note()),
        ),
        Step(Action.ORDER_REDO, "return", actions.order_redo, (_reason(),), _("退给原单位重办，计一次重办。")),
        Step(Action.ARCHIVE, "lock", actions.archive_case, says=_("归档后不能再办理。"), danger=True),
        Step(
            Action.MERGE, "merge", _into,
            (Field("into", "case", _("合并到（事件编号）"), _("反映人会跟着合并过去，由那件事件答复。")),), checked=True,
        ),
        Step(Action.UNMERGE, "undo", actions.unmerge_case, (_reason(),)),
        Step(Action.NOTE, "edit", actions.note_case, (Field("text", "long", _("备注"), _("同事看得到，居民看不到。")),)),
        Step(
            Action.REMIND, "bell", actions.remind_case,
            (Field("text", "long", _("想说的话"), required=False),), _("提醒承办单位抓紧，不改变时限。"),
        ),
        Step(Action.MAKE_URGENT, "zap", actions.make_urgent, (_reason(),), _("比原先以为的严重。承办的人会马上知道，时限不变。")),
    )
}  # fmt: skip

# What stands first when it may be taken: one primary, then a few beside it; the rest is behind "更多".
PRIMARY: Final = (
    Action.SIGN, Action.ACCEPT_PART, Action.GRANT_EXTENSION, Action.GRANT_SUSPENSION, Action.GIVE_FEEDBACK,
    Action.PASS_CHECK, Action.RECORD_MEETING, Action.REACH_MILESTONE, Action.FINISH_TRANSFER, Action.FOLLOW_UP,
    Action.RECORD_RECEIPT, Action.ARRIVE, Action.DELIVER_PART, Action.ARCHIVE, Action.RETURN_CALL, Action.RECONSIDER,
)  # fmt: skip
BESIDE: Final = (
    Action.UPHOLD_OBJECTION, Action.REJECT_OBJECTION, Action.ACCEPT, Action.OBJECT, Action.REFUSE_PART,
    Action.REACH_STAGE, Action.END_WAIT, Action.REFUSE_EXTENSION, Action.REFUSE_SUSPENSION, Action.FAIL_CHECK,
    Action.RETURN_CALL, Action.ORDER_REDO, Action.DELIVER_PART, Action.RESUME, Action.ANSWER, Action.TAKE_BACK,
    Action.UNMERGE, Action.DECLINE, Action.RECALL, Action.ASK_EXTENSION, Action.WAIT_FOR_REPORTER, Action.ARCHIVE,
    Action.REMIND,
)  # fmt: skip
MOST_BESIDE: Final = 3
# Steps that are shown, closed and with the reason, when only a condition stands against them.
EXPLAINED: Final = (Action.GIVE_FEEDBACK, Action.PASS_CHECK, Action.ARCHIVE, Action.FINISH_TRANSFER)
# Steps that never collide with what somebody else does: each unit's own part, and words.
UNCOUNTED: Final = (Action.NOTE, Action.REMIND, Action.ARRIVE, Action.DELIVER_PART, Action.RATE_PARTNER)

_USEFUL: dict[Action, Callable[[Scene], Any]] = {
    Action.ACCEPT_PART: Scene.delivered_parts,
    Action.REFUSE_PART: Scene.delivered_parts,
    Action.RATE_PARTNER: _partners,
    Action.REACH_MILESTONE: Scene.open_milestones,
    Action.ARRIVE: lambda scene: [part for part in scene.own_parts() if part.state in ("sent", "signed")],
    Action.DELIVER_PART: lambda scene: [part for part in scene.own_parts() if part.state != "delivered"],
}


def offered(scene: Scene) -> list[Step]:
    """The steps this actor may take now and that have something to be taken for, in the table's order."""
    return [
        STEPS[action]
        for action in scene.allowed
        if action in STEPS and (action not in _USEFUL or _USEFUL[action](scene))
    ]
