"""The names of stages and the reasons of open limits, in both languages."""

from __future__ import annotations

import re

from huying.casework.catalogue.words import Words

#: Limits without a computable end. The English text is also the notation.
OPEN_REASONS: dict[str, Words] = {
    "until_safe": Words("直至险情消除", "until safe"),
    "until_119_closes": Words("直至消防处置结束", "until 119 closes"),
    "until_closed": Words("直至现场处置结束", "until closed"),
    "until_drained": Words("直至积水排干", "until drained"),
    "until_found": Words("直至人员找到", "until found"),
    "until_lifted": Words("直至险情解除", "until lifted"),
    "until_out": Words("直至明火扑灭", "until out"),
    "investigation": Words("直至调查结束", "investigation"),
    "police_ref": Words("取得警情编号为止", "police ref"),
    "by_task": Words("按任务要求", "by task"),
    "by_due_date": Words("按应随访日期", "by due date"),
    "by_date": Words("按约定日期", "by date"),
    "per_plan": Words("按预案", "per plan"),
    "statutory": Words("按法定时限", "statutory"),
    "tracked": Words("持续跟踪", "tracked"),
    "rain_end": Words("雨停", "rain-end"),
    "follow_up": Words("后续回访", "follow-up"),
    "next_remedy": Words("转下一救济途径", "next remedy"),
}

_STAGES: dict[str, str] = {
    "": "办理", "call": "致电", "visit": "上门", "ack": "确认", "on site": "到场", "answer": "答复",
    "call 119": "呼叫119", "micro-station": "微型消防站到场", "close": "封闭", "stop": "制止", "first": "首报",
    "cordon": "设警戒", "evacuate if danger": "有危险时先疏散", "evacuate": "疏散", "start": "启动",
    "accept": "受理", "report": "报告", "verify": "核查", "interim": "临时保障", "100% ack": "全部确认收到",
    "open": "开放", "release": "救出", "move-out": "清人搬离", "recheck": "复查", "barrier": "围挡",
    "plan": "制定方案", "control": "控制", "measures": "落实措施", "safe plan": "落实安全计划",
    "update": "续报", "complete": "完成", "contact": "联系到人", "penalty": "处罚", "confirm": "核实",
    "relocate": "搬离", "appraisal": "鉴定", "isolate": "断电隔离", "fix": "修复", "stop-work": "责令停工",
    "removal": "拆除", "feedback": "反馈", "remove": "清除", "route": "导入法定途径", "arbitration": "告知可申请仲裁",
    "max": "最长", "tracked": "持续跟踪", "target": "争取", "red": "红色", "yellow": "黄色", "follow-ups": "回访",
    "Jing'an rule": "静安规则",
}  # fmt: skip
_BY_ZH = {zh: en for en, zh in _STAGES.items()}


def stage_words(name: str) -> tuple[str, Words]:
    """The stable code and both names of a stage. A name not in the list above (a local step) names itself."""
    english = _BY_ZH.get(name, name)
    code = "due" if not english else re.sub(r"[^\w]+", "_", english.lower().replace("'", "")).strip("_")
    zh = _STAGES.get(english, name)
    return code, Words(zh, english or "due")


_BY_CODE = {stage_words(name)[0]: stage_words(name)[1] for name in _STAGES}


def words_of_stage(code: str) -> Words:
    """Both names of a stage by its code; a local step names itself, one without a name is the first of several."""
    if code == "due":
        return Words("第一步", "first step")
    return _BY_CODE.get(code, Words(code, code))
