"""The evidence a unit hands in: what the item's closing condition asks for, made up believably."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zlib import crc32

from huying.casework.catalogue.conditions import Node, parse_condition

_CAUSES = ("false_place", "hazard", "battery", "false_hand")
_SERVICES = ("上门探访并送达生活物资", "安排社区医生上门", "代办申请材料", "结对帮扶，每周联系一次")


@cache
def needed(expression: str) -> tuple[str, ...]:
    """The condition codes to be met: the first of alternatives, all of what is joined."""
    return tuple(dict.fromkeys(_needed(parse_condition(expression))))


def _needed(node: Node) -> list[str]:
    if node.code:
        return [node.code]
    parts = node.parts[:1] if node.operator == "/" else node.parts
    return [code for part in parts for code in _needed(part)]


def pictures(expression: str, least: int) -> int:
    """How many pictures of after the evidence rests on; none where it rests on something else."""
    return max(least, 1) if "C1" in needed(expression) else 0


def evidence(
    expression: str, *, at: datetime, began: datetime, by: str, text: str, key: str, photos: int, line: str = ""
) -> dict[str, Any]:
    """Evidence that fulfils the expression at ``at`` for a matter taken in hand when it ``began``."""
    number = crc32(key.encode())
    found: dict[str, Any] = {}
    for code in needed(expression):
        found |= _MADE[code](at, began, by, text, number, max(photos, 1), line)
    return found


def _moment(at: datetime, began: datetime, share: float) -> str:
    return (began + (at - began) * share).isoformat()


def _photos(at: datetime, began: datetime, _by: str, _text: str, number: int, photos: int, _line: str) -> Any:
    before = [{"at": _moment(at, began, 0.1), "ref": f"现场{number % 9000 + 1000}-1"}]
    after = [{"at": _moment(at, began, 0.9), "ref": f"现场{number % 9000 + 1000}-{n + 2}"} for n in range(photos)]
    return {"photos_before": before, "photos_after": after}


def _hazard(at: datetime, began: datetime, by: str, *_: Any) -> Any:
    return {"hazard_removed": True, "reinspected_by": by, "reinspected_at": _moment(at, began, 0.95)}


def _document(at: datetime, began: datetime, _by: str, _text: str, number: int, *_: Any) -> Any:
    return {"document_no": f"演执〔{at.year}〕{number % 9000 + 1000}号", "document_at": _moment(at, began, 0.6)}


def _answer(at: datetime, began: datetime, _by: str, text: str, number: int, *_: Any) -> Any:
    answer = text if len(text) >= 10 else f"{text}已向反映人说明处理结果和依据。"
    return {
        "answer": answer,
        "notice_kind": ("call", "sms", "app_read", "in_person")[number % 4],
        "notice_ref": f"告知{at:%m%d}-{number % 9000 + 1000}",
        "notice_at": _moment(at, began, 0.97),
    }


def _agreement(at: datetime, _began: datetime, _by: str, _text: str, number: int, *_: Any) -> Any:
    if number % 5:
        return {"agreement_no": f"演调〔{at.year}〕{number % 9000 + 1000}号"}
    return {"termination_no": f"演调终〔{at.year}〕{number % 900 + 100}号", "next_remedy": "可向人民法院起诉或申请仲裁"}


def _service(at: datetime, began: datetime, _by: str, _text: str, number: int, *_: Any) -> Any:
    who = ("beneficiary", "family", "guardian")[number % 3]
    service = _SERVICES[number % len(_SERVICES)]
    return {"service": service, "confirmed_by": who, "confirmed_at": _moment(at, began, 0.92)}


def _handed(at: datetime, began: datetime, _by: str, _text: str, number: int, _photos: int, line: str) -> Any:
    chosen = line or ("110", "119", "120", "122")[number % 4]
    return {
        "emergency_line": chosen,
        "emergency_ref": f"{chosen}-{number % 900000 + 100000}",
        "handed_at": _moment(at, began, 0.05),
        "follow_up": "已电话跟进，当事人平安，现场处置完毕。",
        "follow_up_at": _moment(at, began, 0.9),
    }


def _record(_at: datetime, _began: datetime, _by: str, _text: str, number: int, *_: Any) -> Any:
    return {"record_verified": True, "record_ref": f"基础库{number % 900000 + 100000}"}


def _works(at: datetime, began: datetime, by: str, _text: str, number: int, *_: Any) -> Any:
    first: date = (began + (at - began) * 0.4).date()
    return {
        "plan_ref": f"方案{at.year}-{number % 900 + 100}",
        "plan_approver": by,
        "milestones": [
            {"name": "方案公示", "due": first.isoformat()},
            {"name": "完工验收", "due": (at.date() + timedelta(days=1)).isoformat()},
        ],
        "accepted_at": _moment(at, began, 0.98),
    }


def _alarm(at: datetime, began: datetime, _by: str, _text: str, number: int, *_: Any) -> Any:
    return {"alarm_reset_at": _moment(at, began, 0.5), "cause_code": _CAUSES[number % len(_CAUSES)]}


def _tested(at: datetime, _began: datetime, _by: str, _text: str, number: int, *_: Any) -> Any:
    return {
        "report_ref": f"检测〔{at.year}〕{number % 9000 + 1000}号",
        "report_action": "结果已告知反映人，问题已整改并复检合格",
    }


def _council(at: datetime, _began: datetime, _by: str, _text: str, number: int, *_: Any) -> Any:
    return {
        "deliberation_ref": f"议事〔{at.year}〕{number % 90 + 10}号",
        "deliberation_result": "表决通过，已公示三日",
        "tracking_note": "由社区专人跟踪落实，每月公布进度",
    }


_MADE: dict[str, Any] = {
    "C1": _photos, "C2": _hazard, "C3": _document, "C4": _answer, "C5": _agreement, "C6": _service,
    "C7": _handed, "C8": _record, "C9": _works, "C10": _alarm, "C11": _tested, "C12": _council,
}  # fmt: skip
