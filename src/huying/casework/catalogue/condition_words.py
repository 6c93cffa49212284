"""What the closing conditions are called, what they ask for, and how a lack is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from huying.casework.catalogue.words import Words

FieldKind = Literal["photos", "text", "long_text", "time", "yes", "choice", "milestones", "file"]

NAMES: dict[str, Words] = {
    "C1": Words("现场恢复，同一位置前后照片", "site restored, photos before and after from the same spot"),
    "C2": Words("隐患消除，复查签字", "hazard removed, re-inspection signed"),
    "C3": Words("立案查处，登记文书号", "enforcement opened, document number recorded"),
    "C4": Words("依法答复，留存告知凭证", "lawful answer given, proof of notification kept"),
    "C5": Words("签订调解协议，或终止并告知救济途径", "agreement signed, or ended with the next remedy named"),
    "C6": Words("服务送达，本人或监护人确认", "service delivered, confirmed by beneficiary or guardian"),
    "C7": Words("移交110/119/120并次日回访", "handed to 110/119/120 and followed up"),
    "C8": Words("核实数据并写入基础库", "verified and written to the base library"),
    "C9": Words("工程方案获批、按节点实施并验收", "engineering plan approved, with milestones, accepted"),
    "C10": Words("设备报警复位，登记原因", "device alarm reset, cause recorded"),
    "C11": Words("上传检测鉴定报告并落实", "test or appraisal report uploaded and acted on"),
    "C12": Words("公布议事结果并跟踪", "deliberation result published and tracked"),
}

MISSING: dict[str, Words] = {
    "before": Words("缺处置前的照片", "A photo from before handling is missing"),
    "after": Words("处置后的照片至少要{n}张", "At least {n} photo(s) after handling are needed"),
    "spot": Words("处置前后的照片不在同一位置（相距超过{n}米）", "Before and after were not taken within {n} m"),
    "later": Words("处置后的照片拍得比处置前的早", "The photo after handling is older than the one before"),
    "hazard": Words("请确认隐患已经消除", "Say that the hazard has been removed"),
    "reinspector": Words("缺复查人签字", "The re-inspector has not signed"),
    "reinspected_at": Words("缺复查时间", "The time of the re-inspection is missing"),
    "document": Words("缺执法文书号", "The number of the enforcement document is missing"),
    "answer": Words("请写明给群众的答复（不少于10个字）", "Write the answer to the resident (10 characters or more)"),
    "notice_kind": Words("请选择怎样告知了群众", "Say how the resident was told"),
    "notice_proof": Words(
        "缺告知凭证（通话、短信编号或告知时间）",
        "Proof of the notification is missing (call or message number, or time)",
    ),
    "agreement": Words(
        "缺调解协议编号；调解不成的，填写终止通知书编号",
        "The agreement number is missing; if mediation failed, the number of the termination notice",
    ),
    "remedy": Words("调解终止后，请告知下一步救济途径", "Mediation has ended: say what the next remedy is"),
    "service": Words("请写明提供了什么服务", "Say what service was given"),
    "confirmed_by": Words("缺本人、监护人或家属的确认", "Nobody has confirmed it: beneficiary, guardian or family"),
    "confirmed_at": Words("缺确认时间", "The time of the confirmation is missing"),
    "line": Words("请选择移交的紧急电话", "Say which emergency line it was handed to"),
    "line_ref": Words("缺警情或出车编号", "The reference number of the emergency line is missing"),
    "follow_up": Words("缺次日回访情况和时间", "The follow-up and its time are missing"),
    "follow_up_later": Words("回访时间早于移交时间", "The follow-up is earlier than the hand-over"),
    "verified": Words("请确认数据已经核实", "Say that the data has been verified"),
    "record": Words("缺基础库记录编号", "The reference of the base-library record is missing"),
    "plan": Words("缺获批的工程方案（编号和批准人）", "The approved plan (number and approver) is missing"),
    "milestones": Words("工程方案要有节点，每个节点有日期", "The plan needs milestones, each with a date"),
    "acceptance": Words("缺工程验收时间", "The work has not been accepted"),
    "reset": Words("设备报警还没有复位", "The device alarm has not been reset"),
    "cause": Words("请登记报警原因", "Record the cause of the alarm"),
    "report": Words("缺检测或鉴定报告", "The test or appraisal report is missing"),
    "action": Words("请写明按报告做了什么", "Say what was done about the report"),
    "deliberation": Words("缺议事记录和公布的结果", "The deliberation record and its published result are missing"),
    "tracking": Words("请写明结果怎样跟踪", "Say how the result is tracked"),
    "order": Words("先后不对：应先“{first}”，再“{second}”", "Wrong order: first “{first}”, then “{second}”"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One input of the evidence form: its name in Evidence, how to show it, what to call it."""

    name: str
    kind: FieldKind
    label: Words
    choices: tuple[tuple[str, Words], ...] = ()


_NOTICES = (
    ("call", Words("电话（有录音或通话记录）", "Phone call (recorded)")), ("sms", Words("短信", "Text message")),
    ("app_read", Words("手机端已读", "Read on the phone")), ("letter", Words("书面送达", "Letter")),
    ("in_person", Words("当面告知", "In person")),
)  # fmt: skip
_CONFIRMERS = (
    ("beneficiary", Words("本人", "Beneficiary")), ("guardian", Words("监护人", "Guardian")),
    ("family", Words("家属", "Family")),
)  # fmt: skip
_LINES = (
    ("110", Words("110 报警", "110 police")), ("119", Words("119 消防", "119 fire")),
    ("120", Words("120 急救", "120 ambulance")), ("122", Words("122 交通事故", "122 traffic")),
    ("96333", Words("96333 电梯救援", "96333 lift rescue")),
)  # fmt: skip
# Why a device's alarm came; the alarm is closed with the same code.
_CAUSES = (
    ("real", Words("险情属实", "Real danger")), ("hazard", Words("有隐患，未成险情", "A hazard, no danger yet")),
    ("false_device", Words("误报：设备故障", "False: device fault")),
    ("false_place", Words("误报：油烟、水汽、灰尘等干扰", "False: cooking smoke, steam, dust")),
    ("false_hand", Words("误报：误触误按", "False: pressed by mistake")),
    ("works", Words("施工或检修", "Building or repair work")), ("power", Words("断电", "Power cut")),
    ("network", Words("网络中断", "Network failure")), ("battery", Words("电量耗尽", "Empty battery")),
    ("test", Words("测试", "Test")), ("other", Words("其他", "Other")),
)  # fmt: skip


def _field(name: str, kind: FieldKind, zh: str, en: str, choices: tuple[tuple[str, Words], ...] = ()) -> Field:
    return Field(name, kind, Words(zh, en), choices)


FIELDS: dict[str, tuple[Field, ...]] = {
    "C1": (
        _field("photos_before", "photos", "处置前照片", "Photos before"),
        _field("photos_after", "photos", "处置后照片（同一位置）", "Photos after (same spot)"),
    ),
    "C2": (
        _field("hazard_removed", "yes", "隐患已消除", "Hazard removed"),
        _field("reinspected_by", "text", "复查人签字", "Re-inspected by"),
        _field("reinspected_at", "time", "复查时间", "Re-inspected at"),
    ),
    "C3": (
        _field("document_no", "text", "执法文书号", "Enforcement document no."),
        _field("document_at", "time", "文书日期", "Date of the document"),
    ),
    "C4": (
        _field("answer", "long_text", "给群众的答复", "Answer to the resident"),
        _field("notice_kind", "choice", "告知方式", "How the resident was told", _NOTICES),
        _field("notice_ref", "text", "告知凭证编号", "Proof of notification"),
        _field("notice_at", "time", "告知时间", "Told at"),
    ),
    "C5": (
        _field("agreement_no", "text", "调解协议编号", "Agreement no."),
        _field("termination_no", "text", "调解终止通知书编号", "Termination notice no."),
        _field("next_remedy", "text", "告知的下一步救济途径", "Next remedy named"),
    ),
    "C6": (
        _field("service", "long_text", "提供的服务", "Service given"),
        _field("confirmed_by", "choice", "由谁确认", "Confirmed by", _CONFIRMERS),
        _field("confirmed_at", "time", "确认时间", "Confirmed at"),
    ),
    "C7": (
        _field("emergency_line", "choice", "移交给", "Handed to", _LINES),
        _field("emergency_ref", "text", "警情或出车编号", "Reference no."),
        _field("handed_at", "time", "移交时间", "Handed over at"),
        _field("follow_up", "long_text", "次日回访情况", "Next-day follow-up"),
        _field("follow_up_at", "time", "回访时间", "Followed up at"),
    ),
    "C8": (
        _field("record_verified", "yes", "数据已核实", "Data verified"),
        _field("record_ref", "text", "基础库记录编号", "Base-library record"),
    ),
    "C9": (
        _field("plan_ref", "text", "工程方案编号", "Plan no."),
        _field("plan_approver", "text", "批准人", "Approved by"),
        _field("milestones", "milestones", "节点和日期", "Milestones and dates"),
        _field("accepted_at", "time", "验收时间", "Accepted at"),
    ),
    "C10": (
        _field("alarm_reset_at", "time", "报警复位时间", "Alarm reset at"),
        _field("cause_code", "choice", "报警原因", "Cause", _CAUSES),
    ),
    "C11": (
        _field("report_ref", "file", "检测或鉴定报告", "Test or appraisal report"),
        _field("report_action", "long_text", "按报告采取的措施", "Action taken on the report"),
    ),
    "C12": (
        _field("deliberation_ref", "text", "议事记录编号或链接", "Deliberation record"),
        _field("deliberation_result", "long_text", "公布的结果", "Published result"),
        _field("tracking_note", "long_text", "怎样跟踪", "How it is tracked"),
    ),
}
