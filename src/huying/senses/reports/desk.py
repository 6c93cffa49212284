"""The voices on a case's page, the logged door to who said it, and erasing on a resident's wish."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from huying.casework.cases import access as case_access
from huying.casework.cases.desk.guard import actor_of, staff
from huying.casework.cases.models import Case
from huying.casework.catalogue.rules import CHANNELS
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, HuyingError, NotFound, Refused
from huying.kernel.privacy import mask_text, reveal

from . import access, actions, desk_queries, queries, words
from .desk_queries import VoiceView
from .models import Report

PAGE_SIZE = 20


def voices_panel(request: HttpRequest, case: Case) -> str:
    """What people said, in the order they said it. Who they are stays masked, or away altogether."""
    actor = actor_of(request)
    shown, page = desk_queries.voices(actor, case)
    if not shown:
        return ""
    found = voice_words(actor, case, shown) | {"more": page.next is not None, "total": case.reports}
    return render_to_string("reports/voices_panel.html", found, request=request)


def others_panel(request: HttpRequest, case: Case) -> str:
    """For who decides where a waiting case goes: the other matters its first voice raises."""
    actor = actor_of(request)
    report = queries.of_case(case.pk).select_related("case").first()
    if report is None or not access.may_split(case_access.parties(actor, case), case):
        return ""
    found = {"report": report, "others": [mask_text(text) for text in queries.others_of(report)]}
    return render_to_string("reports/_others.html", found, request=request) if found["others"] else ""


def voice_words(actor: Actor, case: Case, shown: list[VoiceView]) -> dict[str, Any]:
    """The voices as the page shows them."""
    may_erase = access.may_erase(actor, case) and not case.open
    parts = desk_queries.other_parts([one.report for one in shown]) if may_erase else {}
    return {
        "case": case,
        "may_erase": may_erase,
        "voices": [
            {
                "view": one,
                "report": one.report,
                "text": mask_text(one.report.text),
                "others": [mask_text(text) for text in one.others],
                "place": mask_text(one.report.place_text),
                "channel": CHANNELS.get(one.report.channel, one.report.channel),
                "told": [(telling, words.told_words(telling.kind)) for telling in one.told],
                **_goes_along(parts.get(one.report.pk, [])),
            }
            for one in shown
        ],
    }


def _goes_along(parts: list[Report]) -> dict[str, Any]:
    """What is erased together with a voice, and what of it keeps that from being done."""
    numbers = dict.fromkeys(one.case.number for one in parts)
    unfinished = dict.fromkeys(one.case.number for one in parts if one.case.open)
    return {"parts": len(parts), "part_numbers": list(numbers), "unfinished": _("、").join(unfinished)}


@staff
@require_GET
def voices(request: HttpRequest, case_id: int) -> HttpResponse:
    """Every voice of a case."""
    actor = actor_of(request)
    case = case_access.get_case(actor, case_id)
    shown, page = desk_queries.voices(actor, case, cursor=request.GET.get("cursor"), size=PAGE_SIZE)
    crumbs = [(reverse("cases-case", args=[case.pk]), case.title), ("", _("诉求"))]
    return render(request, "reports/voices.html", voice_words(actor, case, shown) | {"page": page, "crumbs": crumbs})


@staff
@require_POST
def open_contact(request: HttpRequest, report_id: int) -> HttpResponse:
    """Who said it, for those whose work it is to know: with a reason, and written down for the resident to see."""
    actor = actor_of(request)
    report, case = access.report_on_case(actor, report_id)
    if not access.may_know_reporter(actor, case, report):
        raise Forbidden(_("您不能查看这位反映人的联系方式"), code="reporter_hidden")
    if report.contact is None:
        raise NotFound(_("没有留下联系方式"))
    why = request.POST.get("why", "")
    found: dict[str, Any] = {"report": report, "case": case, "why": why}
    found["crumbs"] = [(reverse("cases-case", args=[case.pk]), case.title), ("", _("联系方式"))]
    partial = request.headers.get("HX-Request") == "true"
    template = "reports/_contact.html" if partial else "reports/contact.html"
    try:
        found["opened"] = _opened(report, actor, why)
    except HuyingError as error:
        return render(request, template, found | {"error": error}, status=error.status)
    answer = render(request, template, found)
    answer["Cache-Control"] = "no-store"
    return answer


def _opened(report: Report, actor: Actor, why: str) -> dict[str, str]:
    contact = report.contact
    assert contact is not None, "looked at before"
    sealed = desk_queries.sealed_of(contact)
    opened = reveal(actor=actor, now=clock.now(), subject=f"contact:{contact.pk}", why=why, fields=sealed)
    if "name" not in opened and contact.user is not None:
        opened["name"] = contact.user.name
    return opened


@staff
@require_POST
def split(request: HttpRequest, report_id: int) -> HttpResponse:
    """Each of the other matters of a voice gets a case of its own."""
    actor = actor_of(request)
    report, case = access.report_on_case(actor, report_id)
    if not access.may_split(case_access.parties(actor, case), case):
        raise Forbidden(_("拆分由坐席、分拨员或中心负责人办理"), code="split_not_yours")
    try:
        taken = actions.split_report(report.pk, actor=actor, now=clock.now())
    except Refused as error:
        messages.error(request, str(error))
    else:
        said = ngettext("已另立 %(n)s 件，各自分拨", "已另立 %(n)s 件，各自分拨", len(taken))
        messages.success(request, said % {"n": len(taken)})
    return redirect("cases-case", case.pk)


@staff
@require_POST
def erase(request: HttpRequest, report_id: int) -> HttpResponse:
    """Erase what a resident said with a message and who they are, on their wish."""
    actor = actor_of(request)
    report, case = access.report_on_case(actor, report_id)
    if not access.may_erase(actor, case):
        raise Forbidden(_("删除诉求由中心负责人或管理员办理"), code="erase_not_yours")
    reason = request.POST.get("reason", "").strip()
    if len(reason) < 2:
        messages.error(request, _("请写明删除的理由"))
    else:
        erased = actions.erase_report(report.pk, actor=actor, now=clock.now(), why=reason)
        if not erased:
            messages.info(request, _("这条诉求已经删除过了"))
        elif erased == 1:
            messages.success(request, _("已删除这条诉求的内容和联系方式"))
        else:
            said = _("这段话分成的 %(n)s 条诉求，内容和联系方式都已删除")
            messages.success(request, said % {"n": erased})
    return redirect("cases-case", case.pk)
