"""One case: can I decide now? Facts, timeline, place, and the steps that may be taken, each with its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from huying.casework.catalogue.rules import CHANNELS
from huying.kernel import clock
from huying.kernel.errors import Conflict, Forbidden, HuyingError, Invalid, NotFound
from huying.kernel.numbers import whole_number
from huying.kernel.remembering import remembering
from huying.kernel.trace import export_text

from .. import access, rules, timeline_words, words
from .. import queries_desk as reads
from ..actions import transferring
from ..models import Assignment, Case
from ..rules import Action, State
from ..turns import chain, refuse
from ..words import refusal
from ..words_desk import PART_STATES
from . import fields, steps
from .evidence import as_evidence, condition_words, evidence_fields, take_files
from .files import sorted_out
from .guard import actor_of, staff
from .pickers import unit_label
from .scene import Scene, read_scene
from .shown import area_names, area_words, item_name, late_elsewhere, state_kind
from .steps import Step
from .subjects import links_of

_EXPORTERS = ("checker", "supervisor", "discipline", "centre_lead")


@dataclass(frozen=True, slots=True)
class Tried:
    """A step that was refused: what was typed and why it may not be."""

    step: str
    typed: QueryDict
    error: HuyingError


@staff
@require_GET
def page(request: HttpRequest, case_id: int) -> HttpResponse:
    """The page of a case; ``?do=`` opens the form of a step."""
    with remembering():
        scene = read_scene(actor_of(request), case_id, now=clock.now())
        return _page(request, scene, do=request.GET.get("do", ""))


@staff
@require_GET
def by_number(request: HttpRequest, number: str) -> HttpResponse:
    """A case by its number, as people write it on paper."""
    case_id = reads.find_by_number(actor_of(request), number)
    if case_id is None:
        case_id = whole_number(number)
    if case_id is None:
        raise NotFound(_("没有找到编号为 %(number)s 的事件。") % {"number": number[:24]})
    return redirect("cases-case", case_id)


def _page(request: HttpRequest, scene: Scene, *, do: str = "", tried: Tried | None = None) -> HttpResponse:
    found = {
        **facts_of(scene),
        **_place(scene),
        "lines": timeline_words.lines(scene.history, scene.known, now=scene.now),
        "next": _next(scene),
        "opened": _opened(scene, do, tried),
        "tried": tried,
        "may_export": may_export(scene),
        "may_attach": Action.ATTACH in scene.allowed,
        "undo": _undo(request, scene),
        "crumbs": [(reverse("cases-inbox"), _("事件")), ("", scene.case.number)],
    }
    return render(request, "cases/case.html", found, status=tried.error.status if tried else 200)


def _undo(request: HttpRequest, scene: Scene) -> dict[str, Any] | None:
    """Right after another case was merged into this one, the way to take that back."""
    merged = whole_number(request.GET.get("merged", ""))
    if merged is None or not scene.parties & rules.LIFECYCLE[State.MERGED, Action.UNMERGE].parties:
        return None
    other = next((one for one in scene.beside.absorbed if one.pk == merged), None)
    if other is None:
        return None
    fields = [("reason", _("合并有误，撤销")), ("expected", str(other.version))]
    return {"url": reverse("cases-act", args=[other.pk, str(Action.UNMERGE)]), "fields": fields, "number": other.number}


def facts_of(scene: Scene) -> dict[str, Any]:
    """What the page and the printed file say about a case."""
    case, beside = scene.case, scene.beside
    near = {code for one in (case, *scene.earlier) for code in (one.grid, one.community, one.town) if code}
    names = area_names(near)
    channel: object = CHANNELS.get(case.channel, case.channel)
    return {
        "case": case,
        "item": item_name(case),
        "area": area_words(case, names),
        "channel": str(channel),
        "state": words.STATES[State(case.state)],
        "state_kind": state_kind(case),
        "condition": condition_words(case),
        "subjects": links_of(scene.actor, case.about),
        "beside": beside,
        "parts": [(part, PART_STATES[Assignment.State(part.state)]) for part in beside.parts],
        "evidence": _evidence_said(scene),
        **sorted_out(beside.attachments),
        "runs": case.open and not case.suspended_at,
        "late_elsewhere": late_elsewhere(case.light, case.due_at, scene.now),
        "now": scene.now,
        "today": clock.local_day(scene.now),
        "transfers": [(one, transferring.CHANNELS.get(one.channel, one.channel)) for one in beside.transfers],
        "meetings": [
            (one, [unit_label(scene.known.units[unit]) for unit in one.unit_ids if unit in scene.known.units])
            for one in beside.meetings
        ],
    }


def _evidence_said(scene: Scene) -> list[tuple[str, str]]:
    """The evidence of the last feedback in words, photos left to the gallery."""
    feedback = scene.beside.feedback
    given = feedback.evidence if feedback else {}
    found = []
    for one in evidence_fields(scene.case):
        value = given.get(one.name)
        if value in (None, "", [], False) or one.kind == "photos" or (feedback and value == feedback.text):
            continue
        if one.kind == "milestones":
            value = "; ".join(f"{row.get('name', '')} {row.get('due', '')}" for row in value)
        elif one.kind == "select" and one.options:
            value = dict(one.options(scene)).get(value, value)
        elif one.kind == "moment":
            value = str(value)[:16].replace("T", " ")
        found.append((str(one.label), _("是") if value is True else str(value)))
    return found


def _place(scene: Scene) -> dict[str, Any]:
    return {
        "earlier": [(one, words.STATES[State(one.state)]) for one in scene.earlier],
    }


def may_export(scene: Scene) -> bool:
    """Whether the actor may take away the proof of a case."""
    return any(duty.role in _EXPORTERS and access.covers(duty.area, scene.case) for duty in scene.actor.duties)


# --- what next ---------------------------------------------------------------------------------------------------


def _next(scene: Scene) -> dict[str, Any]:
    """One primary step, a few beside it, the rest behind a menu; and what stands against the step that is near."""
    offered = steps.offered(scene)
    by_action = {step.action: step for step in offered}
    primary = next((by_action[action] for action in steps.PRIMARY if action in by_action), None)
    near = [by_action[action] for action in steps.BESIDE if action in by_action and by_action[action] is not primary]
    beside = near[: steps.MOST_BESIDE]
    closed = []
    for action in steps.EXPLAINED:
        code = scene.refusal(action)
        if not scene.read_only and code and code not in ("not_in_this_state", "not_yours"):
            closed.append((words.ACTIONS[action], *refusal(code)))
    return {
        "primary": primary,
        "beside": beside,
        "more": [step for step in offered if step is not primary and step not in beside],
        "closed": closed,
        "read_only": scene.read_only,
    }


def _opened(scene: Scene, do: str, tried: Tried | None) -> dict[str, Any] | None:
    """The form that stands open: the one refused, or the one asked for; a step that may not be taken says why."""
    do = tried.step if tried else do
    if do == steps.ATTACH and (tried or Action.ATTACH in scene.allowed):
        return {"attach": True, "error": tried.error if tried else None, "stages": _stage_options(), "do": do}
    if do not in {str(action) for action in steps.STEPS}:
        return None
    step = steps.STEPS[Action(do)]
    error = tried.error if tried else None
    if error is None and step.action not in scene.allowed:
        code = scene.refusal(step.action) or "not_yours"
        message, hint = refusal(code)
        return {"step": step, "why": message, "hint": hint, "do": do}
    errors = _errors(error)
    typed = tried.typed if tried else None
    inputs = _inputs(step, scene)
    return {
        "step": step,
        "do": do,
        "error": error,
        "inputs": fields.shown([one for one in inputs if not one.evidence], scene, typed, errors),
        "evidence": fields.shown([one for one in inputs if one.evidence], scene, typed, errors),
    }


def _stage_options() -> list[tuple[str, Any]]:
    return [(stage, timeline_words.STAGES[stage]) for stage in ("before", "after", "document")]


def _errors(error: HuyingError | None) -> Mapping[str, str]:
    if error is None:
        return {}
    if error.code.startswith("missing_"):
        return {error.code.removeprefix("missing_"): str(error.hint)}
    if isinstance(error, Invalid):
        return {name: str(text) for name, text in error.fields.items()}
    return {error.field: str(error.message)} if error.field else {}


def _inputs(step: Step, scene: Scene) -> tuple[fields.Field, ...]:
    if step.action is Action.GIVE_FEEDBACK:
        return (*step.fields, *evidence_fields(scene.case))
    return step.fields


# --- taking a step -----------------------------------------------------------------------------------------------


@staff
@require_POST
def act(request: HttpRequest, case_id: int, do: str) -> HttpResponse:
    """Take one step. Refused: the page again, with what was typed and why it may not be."""
    actor, now = actor_of(request), clock.now()
    if do != steps.ATTACH and do not in {str(action) for action in steps.STEPS}:
        raise NotFound()
    scene = read_scene(actor, case_id, now=now, around=False)
    try:
        if access.is_reader_only(actor):
            raise Forbidden(refusal("not_yours")[0], hint=refusal("not_yours")[1])
        done = _attach(request, scene) if do == steps.ATTACH else _take(request, scene, steps.STEPS[Action(do)])
    except (NotFound, Forbidden):
        raise
    except HuyingError as error:
        fresh = read_scene(actor, case_id, now=now)
        return _page(request, fresh, tried=Tried(do, request.POST, error))
    messages.success(request, done)
    return redirect(_after(request, case_id, do))


def _take(request: HttpRequest, scene: Scene, step: Step) -> str:
    values = fields.read(_inputs(step, scene), scene, request.POST)
    expected = _expected(request, scene, step)
    given: dict[str, Any] = {"actor": scene.actor, "now": scene.now}
    if step.checked:
        given["expected"] = expected
    if step.action is Action.GIVE_FEEDBACK:
        if step.action in scene.allowed:
            values |= take_files(request, scene)
        text = values.pop("text")
        values = {"text": text, "evidence": as_evidence(values)}
    step.take(scene.case.pk, **values, **given)
    return _("已办：%(step)s") % {"step": step.words}


def _expected(request: HttpRequest, scene: Scene, step: Step) -> int | None:
    """The version the person saw. Whoever was faster is named."""
    text = request.POST.get("expected", "")
    if not text.isdecimal() or step.action in steps.UNCOUNTED:
        return None
    version = whole_number(text)
    if version != scene.case.version:
        message, _hint = refusal("changed_meanwhile")
        last = timeline_words.lines(scene.history[-1:], scene.known, now=scene.now)
        faster = f"{last[0].who}：{last[0].title}" if last else ""
        hint = _("%(faster)s。请看看最新情况，仍要办理就再提交一次；您写的内容都还在。") % {"faster": faster}
        raise Conflict(message, code="changed_meanwhile", hint=hint)
    return version


def _attach(request: HttpRequest, scene: Scene) -> str:
    """Photos and documents, at the stage they belong to."""
    if not scene.parties:
        raise Forbidden(refusal("not_yours")[0])
    if Action.ATTACH not in scene.allowed:
        raise refuse(scene.refusal(Action.ATTACH))
    stage = request.POST.get("stage", "")
    files = request.FILES.getlist("photos")
    if stage not in ("before", "after", "document") or not files:
        raise Invalid(_("请选择照片或文件，并说明是什么时候拍的。"), field="photos")
    name = {"before": "photos_before", "after": "photos_after", "document": "documents"}[stage]
    request.FILES.setlist(name, files)
    take_files(request, scene)
    return _("已上传")


def _after(request: HttpRequest, case_id: int, do: str) -> str:
    """Where to go on: to the case that took this one in, else back to the case."""
    if do == Action.MERGE:
        into = Case.objects.filter(pk=case_id).values_list("merged_into", flat=True).first()
        return f"{reverse('cases-case', args=[into])}?merged={case_id}"
    return reverse("cases-case", args=[case_id])


# --- taken away --------------------------------------------------------------------------------------------------


@staff
@require_GET
def printed(request: HttpRequest, case_id: int) -> HttpResponse:
    """The file of a case on paper: facts, timeline, photos."""
    scene = read_scene(actor_of(request), case_id, now=clock.now(), around=False, files=reads.PRINTED_FILES)
    found = {
        **facts_of(scene),
        "lines": list(reversed(timeline_words.lines(scene.history, scene.known, now=scene.now))),
        "printed_by": scene.actor.name,
    }
    return render(request, "cases/print.html", found)


@staff
@require_GET
def proof(request: HttpRequest, case_id: int) -> HttpResponse:
    """The trace of a case with its proofs, for those who check; private texts stay closed."""
    scene = read_scene(actor_of(request), case_id, now=clock.now(), around=False)
    if not may_export(scene):
        raise NotFound()
    answer = HttpResponse(export_text(chain(case_id)), content_type="application/json; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="trace-{scene.case.number}.json"'
    return answer
