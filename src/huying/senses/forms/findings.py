"""Our own columns of a question: which answers are a finding, and which field of the registry it fills. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from .asking import yes_or_no
from .vocabulary import SEVERITIES, USUAL_DAYS, code_of, offered
from .workbook import Row

if TYPE_CHECKING:
    from .compiling import Form

_LONGEST: Final = 365


def read_finding(item: dict[str, Any], row: Row, form: Form) -> dict[str, Any]:
    """{"finding": …, "registry": …} of a question, as far as its row says so."""
    found: dict[str, Any] = {}
    registry = row.get("huying_registry")
    if registry:
        kind, _dot, name = registry.partition(".")
        if form.fields is not None and name not in form.fields.get(kind, ()):
            form.wrong(row, "huying_registry", f"登记里没有 {registry} 这一项", f"The registry has no field {registry}")
        found["registry"] = registry
    fails = [name for name in re.split(r"[\s,，;；]+", row.get("huying_fails")) if name]
    if fails:
        found["finding"] = _finding(item, fails, row, form)
    elif row.get("huying_item"):
        form.wrong(row, "huying_fails", "写了 huying_item，也要写哪些答案算不合格（huying_fails）",
                   "With huying_item, huying_fails says which answers fail")  # fmt: skip
    return found


def _finding(item: dict[str, Any], fails: list[str], row: Row, form: Form) -> dict[str, Any]:
    names = [choice["name"] for choice in item.get("choices", ())]
    if item["type"] != "select_one":
        form.wrong(row, "huying_fails", "只有单选题能判不合格", "Only a question with one choice can fail")
    elif unknown := [name for name in fails if name not in names]:
        form.wrong(row, "huying_fails", f"选项里没有 {'、'.join(unknown)}", f"There is no choice {', '.join(unknown)}")
    code = row.get("huying_item")
    if not code or (form.items is not None and code not in form.items):
        form.wrong(row, "huying_item", f"事项目录里没有“{code}”", f"The catalogue has no item “{code}”")
    severity = code_of(SEVERITIES, row.get("huying_severity") or "minor")
    if not severity:
        form.wrong(row, "huying_severity", f"huying_severity 写其中一个：{offered(SEVERITIES)}",
                   f"huying_severity is one of: {', '.join(SEVERITIES)}")  # fmt: skip
    days = row.get("huying_days") or str(USUAL_DAYS.get(severity, 1))
    if not (days.isascii() and days.isdigit() and int(days[:6]) <= _LONGEST):
        form.wrong(
            row,
            "huying_days",
            f"huying_days 写 0 到 {_LONGEST} 的天数",
            f"huying_days is a number of days, 0 to {_LONGEST}",
        )
        days = "1"
    on_spot, reinspect = yes_or_no(row.get("huying_on_spot")), yes_or_no(row.get("huying_reinspect") or "yes")
    for column, answer in (("huying_on_spot", on_spot), ("huying_reinspect", reinspect)):
        if answer is None:
            form.wrong(row, column, f"{column} 写 yes 或 no", f"{column} is yes or no")
    return {
        "fails": fails, "item": code, "severity": severity, "days": int(days),
        "on_spot": bool(on_spot), "reinspect": bool(reinspect),
    }  # fmt: skip
