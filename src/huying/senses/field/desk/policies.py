"""The local limits of field work: days, radii, shares and reasons, what holds when, and new ones from a day on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from huying.casework.clocks.desk import actor_of, staff
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound
from huying.kernel.numbers import whole_number

from .. import access, queries, words
from .. import policies as writes
from ..models import FieldPolicy
from ..rules import RANGES, Policy, Severity, read_policy, told_policy

# Name → what it is called, and what it is counted in.
_NUMBERS: Final = {
    "position_days": (gettext_lazy("位置保留"), gettext_lazy("天")),
    "longest_duty_hours": (gettext_lazy("忘了离岗，最长算在岗"), gettext_lazy("小时")),
    "amend_hours": (gettext_lazy("填报人自己可以更正"), gettext_lazy("小时")),
    "sample_percent": (gettext_lazy("每天抽查做完的工作"), "%"),
    "warning_days": (gettext_lazy("风险升红后几天内上门"), gettext_lazy("天")),
    "check_days": (gettext_lazy("办结后几天内现场核查"), gettext_lazy("天")),
    "horizon_days": (gettext_lazy("任务提前多久产生"), gettext_lazy("天")),
    "slack_metres": (gettext_lazy("打卡：离巡查点可多出"), gettext_lazy("米")),
    "worst_accuracy": (gettext_lazy("打卡：定位误差超过多少不作数"), gettext_lazy("米")),
    "top_speed": (gettext_lazy("打卡：移动快于多少算存疑"), gettext_lazy("米/秒")),
    "least_seconds": (gettext_lazy("打卡：两次至少相隔"), gettext_lazy("秒")),
    "clock_minutes": (gettext_lazy("打卡：手机时间可差"), gettext_lazy("分钟")),
}
_DAYS: Final = "reinspect_"


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def policies(request: HttpRequest) -> HttpResponse:
    """Every version there was, and a form for those who may set the next."""
    actor = actor_of(request)
    access.must_oversee(actor)
    if request.method != "POST":
        return _show(request, actor)
    try:
        given, wrong = _typed_values(request.POST)
        if wrong:
            raise Invalid(fields=writes.wrong_values(given) | wrong, code="policy_wrong")
        writes.add_policy(
            given, valid_from=_day(request), source=request.POST.get("source", ""), actor=actor, now=clock.now()
        )
    except HuyingError as error:
        if isinstance(error, NotFound):
            raise
        return _show(request, actor, error=error)
    messages.success(request, _("已保存当地参数"))
    return redirect("field-policies")


def _show(request: HttpRequest, actor: Actor, *, error: HuyingError | None = None) -> HttpResponse:
    today = clock.local_day(clock.now())
    rows = queries.policies()
    now = next((row for row in rows if row.valid_from <= today), None)
    typed: Mapping[str, Any] = request.POST if error is not None else _typed_of(queries.policy_on(today))
    wrong = {name: str(said) for name, said in getattr(error, "fields", {}).items()}
    shown = {
        "rows": [
            {"row": row, "holds": row is now, "ahead": row.valid_from > today, "changes": _changes(row, before)}
            for row, before in zip(rows, [*rows[1:], None], strict=False)
        ],
        "default": now is None,
        "may_set": bool(access.areas_of(actor, *access.POLICY_SETTERS)),
        "numbers": [
            (name, label, unit, typed.get(name, ""), *RANGES[name], wrong.get(name, ""))
            for name, (label, unit) in _NUMBERS.items()
        ],
        "reinspect": [(f"{_DAYS}{one}", words.SEVERITIES[one], typed.get(f"{_DAYS}{one}", "")) for one in Severity],
        "typed": typed,
        "today": today.isoformat(),
        "wrong": wrong,
        "error": error,
        "crumbs": [(reverse("field-board"), _("网格工作")), ("", _("当地参数"))],
    }
    return render(request, "field/policies.html", shown, status=error.status if error is not None else 200)


def _typed_of(policy: Policy) -> dict[str, Any]:
    """What the form shows first: the values that hold today."""
    told = told_policy(policy)
    typed = {name: told[name] for name in (*_NUMBERS, "supervision_phone")}
    typed |= {f"{_DAYS}{one}": policy.days_to_reinspect(one) for one in Severity}
    lines = [
        " | ".join((code, one.zh, one.en, "" if one.again_days is None else str(one.again_days)))
        for code, one in policy.skips.items()
    ]
    return typed | {"skips": "\n".join(lines)}


def _typed_values(typed: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(values as the rules take them, name → what could not be read)."""
    values: dict[str, Any] = {name: _number(str(typed.get(name, ""))) for name in _NUMBERS}
    values["reinspect_days"] = {str(one): _number(str(typed.get(f"{_DAYS}{one}", ""))) for one in Severity}
    values["supervision_phone"] = str(typed.get("supervision_phone", "")).strip()
    reasons, wrong = _reasons(str(typed.get("skips", "")))
    return values | {"skips": reasons}, wrong


def _number(text: str) -> int | None:
    return whole_number(text.strip(), 6)


def _reasons(lines: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """``code | 中文 | English | days`` a line; what stands last may be left out."""
    found: list[dict[str, Any]] = []
    for number, line in enumerate(lines.splitlines(), 1):
        if not line.strip():
            continue
        parts = [part.strip() for part in line.replace("｜", "|").split("|")]
        days = _number(parts[3]) if len(parts) == 4 and parts[3] else None
        if not 2 <= len(parts) <= 4 or (len(parts) == 4 and parts[3] and days is None):
            return [], {"skips": _("第 %(n)s 行写成：代码 | 中文 | 英文 | 几天后再问") % {"n": number}}
        english = parts[2] if len(parts) > 2 else ""
        found.append({"code": parts[0], "zh": parts[1], "en": english, "again_days": days})
    return found, {}


def _changes(row: FieldPolicy, before: FieldPolicy | None) -> list[tuple[str, str, str]]:
    """(what, before, now) of every value that differs from the version before, or from ours."""
    old = told_policy(read_policy(before.values)) if before is not None else told_policy(Policy())
    new = told_policy(read_policy(row.values))
    found = [
        (str(label), f"{old[name]} {unit}", f"{new[name]} {unit}")
        for name, (label, unit) in _NUMBERS.items()
        if old[name] != new[name]
    ]
    for one in Severity:
        was, is_now = old["reinspect_days"].get(one), new["reinspect_days"].get(one)
        if was != is_now:
            name = _("复查期限：%(severity)s") % {"severity": words.SEVERITIES[one]}
            found.append((name, f"{was} {_('天')}", f"{is_now} {_('天')}"))
    if old["supervision_phone"] != new["supervision_phone"]:
        found.append((_("监督电话"), old["supervision_phone"], new["supervision_phone"]))
    if old["skips"] != new["skips"]:
        found.append((_("做不了的原因"), _said(old["skips"]), _said(new["skips"])))
    return found


def _said(reasons: Sequence[Mapping[str, Any]]) -> str:
    return "、".join(str(one["zh"]) for one in reasons)


def _day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.POST.get("valid_from", ""))
    except ValueError as error:
        raise Invalid(_("请填写生效日期"), field="valid_from") from error
