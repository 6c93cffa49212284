"""The lifecycle of a case as a page: `python scripts/lifecycle_doc.py` prints it, `--write` puts it into the reference.

The table is read from `huying.casework.cases.rules`; nothing about the lifecycle is written here a second time, only
the words a reader needs for what each guard and party is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "lifecycle.md"
PARTIES: Final = {
    "system": "系统 system",
    "seat": "坐席 seat",
    "dispatcher": "分拨员 dispatcher",
    "centre": "中心负责人 centre lead",
    "lead": "主办处置员 lead handler",
    "lead_head": "主办负责人 lead's head",
    "assist": "协办单位 assisting unit",
    "checker": "核查员 checker",
    "supervisor": "督办员 supervisor",
    "reporter": "反映人 reporter",
}
GUARDS: Final = {
    "_answer_closes": "结案条件只要答复 · the closing condition asks for no more than an answer",
    "_not_urgent": "还不是紧急 · not urgent yet",
    "_may_return": "退回未满两次且未锁定 · fewer than two returns and not locked",
    "_not_yet_two_returns": "退回未满两次 · fewer than two returns",
    "_two_returns": "已退回两次 · returned twice",
    "_extension_left": "还有延期次数，且没有待批的 · an extension is left and none is waiting",
    "_extension_asked": "有待批的延期 · an extension is waiting",
    "_may_suspend": "事项允许挂账，且没有待批的 · the item may be suspended and no request is waiting",
    "_suspension_asked": "有待批的挂账 · a suspension is waiting",
    "_parts_accepted": "协办结果都已认可 · every part is accepted",
    "_nothing_asked": "没有待批的申请 · no request is waiting",
    "_stage_left": "还有在计时的阶段 · a stage is still running",
    "_may_wait": "没有在等，也没等过 · not waiting and has not waited before",
    "_waits": "正在等反映人补充 · waiting for the reporter",
    "_target_stands": "并入的事件还在，没有再并、没有归档 · the case merged into stands: neither merged on nor archived",
    "_meeting_called": "已发起联席会议 · a meeting has been called",
    "_not_own_work": "不是自己经办的 · not one's own work",
    "_not_at_top": "还没到最高层级 · not yet at the top level",
    "_receipt_and_follow_up": "有回执，已跟踪 · receipt and follow-up are there",
    "_handed_over": "已转出或紧急转接 · handed to somebody outside",
    "_has_receipt": "有回执 · there is a receipt",
    "_heard": "已回访或已评价，或三次未接通，或满七天 · called, rated, three calls unanswered, or seven quiet days",
}
HEAD: Final = """\
# 事件的一生 · The lifecycle of a case

这张表由 `scripts/lifecycle_doc.py` 从 `src/huying/casework/cases/rules.py` 生成，请勿手改。表里没有的“状态 × 动作”永远不会发生。
This page is generated from the rules; do not edit it. A pair of state and action that is not listed can never happen.

“—”表示状态不变。“须填”是必须给出的内容；办结材料见[结案条件](closing-conditions.md)。
“—” means the state stays. “Needs” names what must be given. Every refusal says why and what to do, and changes nothing.
"""


def page() -> str:
    """The whole page."""
    _set_up()
    from huying.casework.cases.rules import ENDED_STATES, LIFECYCLE, OPEN_STATES, State
    from huying.casework.cases.words import ACTIONS, STATES

    lines = [HEAD]
    for state in State:
        kind = "在办 open" if state in OPEN_STATES else "终了 ended" if state in ENDED_STATES else "结后 after closing"
        lines += [f"## {STATES[state]} `{state}` · {kind}", ""]
        steps = {action: rule for (at, action), rule in LIFECYCLE.items() if at == state}
        if not steps:
            lines += ["没有下一步。Nothing follows.", ""]
            continue
        lines += ["| 动作 action | 到 leads to | 谁 who | 须填 needs | 条件 only if |", "|---|---|---|---|---|"]
        for action, rule in steps.items():
            to = f"{STATES[rule.to]} `{rule.to}`" if rule.to else "—"
            who = "、".join(PARTIES[party] for party in PARTIES if party in rule.parties)
            needs = "、".join(f"`{name}`" for name in rule.needs)
            only = "；".join(GUARDS[guard.__name__] for guard in rule.guards)
            lines.append(f"| {ACTIONS[action]} `{action}` | {to} | {who} | {needs} | {only} |")
        lines.append("")
    return "\n".join(lines)


def _set_up() -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "src"))
    from django.apps import apps

    if not apps.ready:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huying.config.settings_test")
        import django

        django.setup()


def main() -> None:
    """Print the page, or write it."""
    text = page()
    if "--write" in sys.argv[1:]:
        PAGE.write_text(text, encoding="utf-8")
        print(f"{PAGE.name}: {text.count(chr(10)):,} lines")
    else:
        sys.stdout.write(text)


if __name__ == "__main__":
    main()
