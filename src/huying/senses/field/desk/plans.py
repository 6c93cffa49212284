"""Plans: the list, and writing one with a look at how much it would ask before it is saved."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from huying.casework.clocks.desk import actor_of, staff
from huying.ground.organisation.models import Post
from huying.ground.organisation.rules import ROLE_LABELS
from huying.kernel import clock
from huying.kernel.clock import local_day
from huying.kernel.errors import Forbidden, HuyingError, Invalid
from huying.kernel.numbers import whole_number

from .. import access, actions, queries, subjects, tasks, words
from ..actions.planning import PLAN_KINDS, PLAN_ROLES, PlanDraft
from ..models import SUBJECTS, Plan
from ..rules import PRIORITIES, RISKS, PlanRule
from .frame import area_choices, area_words

PREVIEW_DAYS = 30


@staff
@require_GET
def plans(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    access.must_oversee(actor)
    page = queries.plan_page(actor, cursor=request.GET.get("cursor"))
    areas = area_words(row.area for row in page.rows)
    shown = {
        "page": page,
        "rows": [(row, words.TASK_KINDS[row.kind], _every(row.every), areas[row.area]) for row in page.rows],
        "may_plan": bool(access.areas_of(actor, *access.PLANNERS)),
        "crumbs": [(reverse("field-board"), _("网格工作")), ("", _("工作计划"))],
    }
    return render(request, "field/plans.html", shown)


def _every(every: dict[str, int]) -> str:
    """How often, in words: the same for all, or by risk."""
    if list(every) == [""]:
        return _("每 %(days)s 天") % {"days": every[""]}
    said = [
        _("%(risk)s每 %(days)s 天") % {"risk": words.RISKS[r], "days": every[r]} for r in (*RISKS, "") if r in every
    ]
    return " · ".join(said)


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, code: str = "") -> HttpResponse:
    """One plan, or a new one: first how much it would ask, then saving."""
    actor, now = actor_of(request), clock.now()
    access.must_plan(actor)
    held = access.get_plan(actor, code) if code else None
    if request.method != "POST":
        return _show(request, held, _typed_of(held, local_day(now)))
    typed = _typed(request)
    try:
        draft = _draft(typed, code or typed["code"])
        if request.POST.get("do") == "save":
            saved = actions.save_plan(draft, actor=actor, now=now, plan=held)
            tasks.derive_plan.defer(plan_id=saved.pk)
            messages.success(request, _("已保存，任务马上按新计划更新"))
            return redirect("field-plans")
        actions.check_plan(draft, actor=actor)
        asked = queries.preview(
            _rule(draft), today=local_day(now), days=PREVIEW_DAYS, plan_id=held.pk if held else None
        )
        counted = [(words.RISKS.get(risk, risk), visits) for risk, visits in sorted(asked.items())]
        return _show(request, held, typed, asked=sum(asked.values()), counted=counted)
    except (Invalid, Forbidden) as error:
        return _show(request, held, typed, error=error)


def _show(
    request: HttpRequest, held: Plan | None, typed: dict[str, Any], *, error: HuyingError | None = None, **more: Any
) -> HttpResponse:
    fields = {kind: subjects.conditions(kind) for kind, _label in SUBJECTS}
    areas = area_choices(actor_of(request), typed["area"], local_day(clock.now()))
    shown = {
        "areas": [("", _("全部区域")), *areas] if held is not None and not held.area else areas,
        "held": held,
        "typed": typed,
        "error": error,
        "wrong": {name: str(text) for name, text in getattr(error, "fields", {}).items()},
        "preview_days": PREVIEW_DAYS,
        "kinds": [(str(one), words.TASK_KINDS[one]) for one in PLAN_KINDS],
        "subject_kinds": SUBJECTS,
        "forms": sorted(queries.form_titles().items()),
        "roles": [(role, ROLE_LABELS[role], role in typed["roles"]) for role in PLAN_ROLES],
        "posts": [
            (one.code, one.label, one.code in typed["posts"]) for one in Post.objects.order_by("rank", "code")[:200]
        ],
        "priorities": [(number, words.PRIORITIES[number]) for number in PRIORITIES],
        "risks": [(risk, words.RISKS[risk], typed[f"every_{risk}"]) for risk in (*RISKS, "")],
        "conditions": [
            (label, kind == typed["subject_kind"], [_condition(*one, typed["wanted"]) for one in fields[kind].items()])
            for kind, label in SUBJECTS
        ],
        "crumbs": [
            (reverse("field-board"), _("网格工作")),
            (reverse("field-plans"), _("工作计划")),
            ("", held.title if held else _("新计划")),
        ],
        **more,
    }
    return render(request, "field/plan.html", shown, status=error.status if error is not None else 200)


def _condition(name: str, field: Any, wanted: list[str]) -> tuple[str, Any, list[tuple[str, Any, bool]]]:
    """A field one may choose by: its name, its label, its choices and whether each is chosen."""
    return name, field.label, [(str(c), said, f"{name}={c}" in wanted) for c, said in _choices(field)]


def _choices(field: Any) -> list[tuple[object, Any]]:
    return list(field.choices) if field.choices else [("yes", _("是")), ("no", _("否"))]


def _typed_of(held: Plan | None, today: date) -> dict[str, Any]:
    """What the form shows first."""
    every = held.every if held else {"red": 7, "yellow": 30, "green": 90}
    typed: dict[str, Any] = {f"every_{risk}": every.get(risk, "") for risk in (*RISKS, "")}
    for name in ("code", "title", "kind", "form", "subject_kind", "area", "window_days", "priority", "valid_to"):
        typed[name] = getattr(held, name) if held else ""
    if held is None:
        typed |= {"subject_kind": "premises", "kind": "inspect", "window_days": 7, "priority": 2}
    typed["valid_from"] = held.valid_from if held else today
    typed |= {"roles": held.roles if held else ["grid_worker"], "posts": held.posts if held else []}
    typed["active"] = held.active if held else True
    said = {True: "yes", False: "no"}
    wanted = held.wanted if held else {}
    typed["wanted"] = [f"{n}={said.get(v, v) if isinstance(v, bool) else v}" for n, vs in wanted.items() for v in vs]
    return typed


def _typed(request: HttpRequest) -> dict[str, Any]:
    """Everything as it was typed: it stays whatever happens."""
    names = (
        "code",
        "title",
        "kind",
        "form",
        "subject_kind",
        "area",
        "window_days",
        "priority",
        "valid_from",
        "valid_to",
    )
    typed: dict[str, Any] = {name: request.POST.get(name, "").strip() for name in names}
    typed |= {f"every_{risk}": request.POST.get(f"every_{risk}", "").strip() for risk in (*RISKS, "")}
    typed |= {name: request.POST.getlist(name) for name in ("roles", "posts", "wanted")}
    typed["active"] = bool(request.POST.get("active"))
    return typed


def _draft(typed: dict[str, Any], code: str) -> PlanDraft:
    known = subjects.conditions(typed["subject_kind"]) if typed["subject_kind"] in dict(SUBJECTS) else {}
    wanted: dict[str, list[Any]] = {}
    for one in typed["wanted"]:
        name, _mark, value = str(one).partition("=")
        if name in known:
            wanted.setdefault(name, []).append(value if known[name].choices else value == "yes")
    every = {risk: _whole(typed[f"every_{risk}"], "every") for risk in (*RISKS, "") if typed[f"every_{risk}"] != ""}
    return PlanDraft(
        code=code,
        title=typed["title"],
        kind=typed["kind"],
        form=typed["form"],
        subject_kind=typed["subject_kind"],
        every=every,
        valid_from=_day(typed["valid_from"], "valid_from"),
        valid_to=_day(typed["valid_to"], "valid_to") if typed["valid_to"] else None,
        wanted=wanted,
        window_days=_whole(typed["window_days"], "window_days"),
        priority=_whole(typed["priority"], "priority"),
        roles=tuple(typed["roles"]),
        posts=tuple(typed["posts"]),
        area=typed["area"],
        active=typed["active"],
    )


def _whole(text: object, name: str) -> int:
    found = whole_number(str(text), 5)
    if found is None:
        raise Invalid(_("请写整数"), field=name)
    return found


def _day(text: object, name: str) -> date:
    try:
        found = parse_date(str(text))
    except ValueError:
        found = None
    if found is None:
        raise Invalid(_("请选择日期"), field=name)
    return found


def _rule(draft: PlanDraft) -> PlanRule:
    return PlanRule(
        code=draft.code,
        subject_kind=draft.subject_kind,
        every=draft.every,
        since=draft.valid_from,
        until=draft.valid_to,
        window_days=draft.window_days,
        priority=draft.priority,
        area=draft.area,
        wanted=draft.wanted,
        active=True,
    )
