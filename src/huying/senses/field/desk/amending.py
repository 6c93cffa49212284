"""Correcting a filled form: first the reason, then the form as it was filled in; and what followed from each correction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from huying.casework.clocks.desk import actor_of, case_link, staff
from huying.ground.registry.fields import FIELDS
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import HuyingError, Invalid, NotFound
from huying.kernel.files import accept_upload
from huying.kernel.models import StoredFile
from huying.kernel.numbers import whole_number
from huying.kernel.privacy import reveal
from huying.senses.forms import access as forms_access
from huying.senses.forms import queries as forms
from huying.senses.forms.describing import spoken
from huying.senses.forms.models import Submission
from huying.senses.forms.renderer_words import renderer_words
from huying.shell.assets import asset_url

from .. import actions, queries, words

_FILE: Final = "file_"
_MOST_FILES: Final = 40


@staff
@require_http_methods(["GET", "HEAD", "POST"])
def amend(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Ask for the reason; show the form with it; take the corrected answers."""
    actor = actor_of(request)
    submission = forms_access.get_submission(actor, uid)
    forms_access.must_amend(actor, submission, author_window=_window(), now=clock.now())
    reason = request.POST.get("reason", "").strip()
    if request.method != "POST":
        return _show(request, submission, reason)
    try:
        if len(reason) < 2:
            raise Invalid(_("请写明更正的理由"), fields={"reason": _("请写明更正的理由")})
        if request.POST.get("do") == "save":
            _save(request, uid, reason, actor)
            messages.success(request, _("已更正，原来的内容也留着"))
            return redirect("forms-submission", uid)
        given = _opened(submission, reason, actor)
    except HuyingError as error:
        if isinstance(error, NotFound):
            raise
        typed = _typed(request) if request.POST.get("answers") else None
        return _show(request, submission, reason, given=typed, error=error)
    return _show(request, submission, reason, given=given)


def _window() -> timedelta:
    return timedelta(hours=queries.policy_on(local_day(clock.now())).amend_hours)


def _opened(submission: Submission, reason: str, actor: Actor) -> dict[str, Any]:
    """All answers; personal ones are opened for the reason given, and the look is written down."""
    secret = forms.sealed_answers(submission)
    if secret:
        names = sorted({path.rsplit("/", 1)[-1] for path in secret})
        subject = f"submission:{submission.uid}"
        reveal(actor=actor, now=clock.now(), subject=subject, why=_("更正：%s") % reason[:180], fields=names)
    return forms.whole_answers(submission)


def _typed(request: HttpRequest) -> dict[str, Any] | None:
    try:
        found = json.loads(request.POST.get("answers", ""))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _save(request: HttpRequest, uid: UUID, reason: str, actor: Actor) -> None:
    answers, now = _typed(request), clock.now()
    if answers is None:
        raise Invalid(_("没有收到填写的内容，请再试一次"), field="answers")
    actions.correct_submission(
        uid, answers=answers, reason=reason, files=_files(request, actor), actor=actor, now=now,
        seen=whole_number(request.POST.get("seen", ""), 5),
    )  # fmt: skip


def _files(request: HttpRequest, actor: Actor) -> dict[UUID, StoredFile]:
    """New pictures and recordings, each sent under the id that stands in the answers."""
    found: dict[UUID, StoredFile] = {}
    sent = [(name, file) for name, file in request.FILES.items() if name.startswith(_FILE)]
    for name, file in sent[:_MOST_FILES]:
        try:
            upload = UUID(name.removeprefix(_FILE))
        except ValueError:
            continue
        found[upload] = accept_upload(file, actor=actor, now=clock.now(), sounds=True)  # type: ignore[arg-type]
    return found


def _show(
    request: HttpRequest,
    submission: Submission,
    reason: str,
    *,
    given: Mapping[str, Any] | None = None,
    error: HuyingError | None = None,
) -> HttpResponse:
    title = spoken(submission.version.definition["title"])
    wrong = dict(getattr(error, "fields", {}))
    shown = {
        "submission": submission,
        "title": title,
        "given": given,
        "pictures": _held(submission) if given is not None else {},
        "reason": reason,
        "seen": submission.revisions.count(),
        "error": error,
        "wrong": wrong,
        "listed": [str(said) for name, said in wrong.items() if name != "reason"],
        "words": json.dumps(renderer_words(), ensure_ascii=False),
        "script": _script(),
        "crumbs": [
            (reverse("forms-submissions"), _("填报记录")),
            (reverse("forms-submission", args=[submission.uid]), title),
            ("", _("更正")),
        ],
    }
    return render(request, "field/amend.html", shown, status=error.status if error is not None else 200)


def _held(submission: Submission) -> dict[str, str]:
    """Upload id → the address of the picture or recording that came with it."""
    rows = submission.files.select_related("file")
    return {str(one.upload): one.file.thumbnail_url or one.file.url for one in rows}


def _script() -> str:
    """The address of the program that shows a form; "" where it has not been built."""
    try:
        return asset_url("forms/preview.ts")
    except KeyError:
        return ""


# --- on the page of a submission ------------------------------------------------------------------------------------


def offer_panel(request: HttpRequest, submission: Submission) -> str:
    """The way to the correction, for whoever may make one, and until when."""
    actor, now, window = actor_of(request), clock.now(), _window()
    if not forms_access.may_amend(actor, submission, author_window=window, now=now):
        return ""
    until = None if forms_access.leads(actor, submission) else submission.received_at + window
    return render_to_string("field/_amend_offer.html", {"submission": submission, "until": until}, request=request)


def consequences_panel(request: HttpRequest, submission: Submission) -> str:
    """What followed from each correction, the latest first."""
    if submission.state != Submission.State.AMENDED:
        return ""
    rows = [
        {"row": row, "effects": [_effect(one) for one in row.effects]}
        for row in queries.consequences_of(submission.uid)
    ]
    return render_to_string("field/_consequences.html", {"rows": rows}, request=request) if rows else ""


def _effect(one: Mapping[str, Any]) -> dict[str, Any]:
    kind = one.get("kind", "")
    fields = [str(FIELDS[kind][name].label) for name in one.get("fields", ()) if name in FIELDS.get(kind, {})]
    return {
        "said": words.EFFECTS.get(one["what"], one["what"]),
        "about": one.get("label", "") or "、".join(fields),
        "url": case_link(one["case"]) if one.get("case") else "",
    }
