"""Say a matter: what and where, a look at how we understood it, and off it goes. Works without script."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from huying.ground.accounts.models import User
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid, NotFound, Refused
from huying.kernel.files import path_of, thumbnail_of
from huying.kernel.models import StoredFile
from huying.kernel.numbers import whole_number
from huying.senses.reports import throttle
from huying.senses.reports.rules import MOST_PHOTOS, other_matters

from . import actions, forms, queries, rules, words
from .forms import Kept, MatterForm
from .portal import HOTLINE, address, remember, resident

STEPS = (_("说事情"), _("看一看"), _("送出"))


def report(request: HttpRequest) -> HttpResponse:
    """``step`` says which button was pressed: preview, edit, send, or join with the number of an open matter."""
    now = clock.now()
    if request.method != "POST":
        started = {"text": request.GET.get("text", "")[: rules.LONGEST_TEXT], "key": forms.new_key()}
        return _ask(request, MatterForm(initial=started | _place_given(request)), [], now)
    actor, user = resident(request)
    form = MatterForm(request.POST)
    form.is_valid()
    photos = _photos(request, form, actor, now)
    step = "join" if request.POST.get("join") else request.POST.get("step", "preview")
    about_matter = {"text", "place_text", "photos", "website"} & set(form.errors)
    if step == "edit" or about_matter:
        return _ask(request, form, photos, now, status=422 if about_matter else 200)
    said = _said(form, photos, user)
    # What waited on the device for the network was already looked at there: it is sent without a second look.
    if form.errors or (step == "preview" and request.headers.get("X-Outbox") != "kept"):
        return _show(request, form, said, photos, now, status=422 if form.errors else 200)
    return _send(request, form, said, photos, actor, now)


def _place_given(request: HttpRequest) -> dict[str, Any]:
    """The place a link names, such as that of the QR code at a door: ``place_text``, ``lon``, ``lat``, ``about``."""
    given: dict[str, Any] = {"place_text": request.GET.get("place_text", "")[:200]}
    given["about"] = request.GET.get("about", "")[:16]
    try:
        lon, lat = float(request.GET["lon"]), float(request.GET["lat"])
    except (KeyError, ValueError):
        return given
    return given | {"lon": lon, "lat": lat} if -180 <= lon <= 180 and -90 <= lat <= 90 else given


def _photos(request: HttpRequest, form: MatterForm, actor: Actor, now: datetime) -> list[Kept]:
    """Photos of earlier steps and of this one; a wrong one becomes a mistake of the form and the rest stay."""
    key = form.cleaned_data.get("key") or forms.new_key()
    kept = forms.kept_photos(request.POST.getlist("photo"), key, actor)
    uploads = request.FILES.getlist("photos")
    if not uploads:
        return kept
    try:
        throttle.count("photo", address(request), now=now, times=len(uploads))
        kept += forms.take_photos(uploads, key, kept=len(kept), actor=actor, now=now)
    except HuyingError as error:
        if request.headers.get("X-Outbox") != "kept":
            form.errors.setdefault("photos", form.error_class([str(error)]))
    return kept


def _said(form: MatterForm, photos: list[Kept], user: User | None) -> actions.Said:
    given = form.cleaned_data
    own = user if user is not None and not given.get("anonymous") else None
    return actions.Said(
        key=given["key"],
        text=given["text"],
        place_text=given["place_text"],
        lon=given.get("lon"),
        lat=given.get("lat"),
        about=given.get("about", ""),
        chosen=given.get("chosen", ""),
        name=(own.name if own else given.get("name", "")),
        phone="" if user else given.get("phone", ""),
        user_id=own.pk if own else None,
        hide_identity=given.get("hide_identity", False),
        split=given.get("split", False),
        photos=[one.file for one in photos],
    )


def _send(
    request: HttpRequest, form: MatterForm, said: actions.Said, photos: list[Kept], actor: Actor, now: datetime
) -> HttpResponse:
    joined = request.POST.get("join", "")
    try:
        throttle.count("send", actor.ref if said.user_id else address(request), now=now)
        matter = whole_number(joined)
        if joined.isdecimal() and matter is None:
            raise NotFound(code="case_not_found")
        if matter is not None:
            taken = actions.join_matter(matter, said, actor=actor, now=now)
        else:
            taken = actions.send_matter(said, actor=actor, now=now)
    except (NotFound, Refused) as error:
        if not joined:
            raise
        gone = Refused(_("那件事刚刚办完了"), hint=_("您的可以照常送出，会单独办理。"), code=str(error.code))
        return _show(request, form, said, photos, now, error=gone, status=409)
    except throttle.TooMany as error:
        return _show(request, form, said, photos, now, error=error, status=error.status)
    except Invalid as error:
        form.add_error("text" if error.field == "text" else None, str(error))
        return _ask(request, form, photos, now, status=error.status)
    for one in reversed(taken):
        remember(request, one.tracking_code)
    return redirect("matter-sent", code=taken[0].tracking_code)


def _ask(request: HttpRequest, form: MatterForm, photos: list[Kept], now: datetime, status: int = 200) -> HttpResponse:
    """Step one, with everything that was typed."""
    key = (form.cleaned_data.get("key") if form.is_bound else "") or form["key"].value() or forms.new_key()
    shown: dict[str, Any] = {
        "form": form,
        "key": key if rules.is_form_key(key) else forms.new_key(),
        "photos": photos,
        "most": MOST_PHOTOS - len(photos),
        "longest": rules.LONGEST_TEXT,
        "steps": STEPS,
        "prefix": queries.served(now)[0],
        "hotline": HOTLINE,
    }
    return render(request, "portal/report.html", shown, status=status)


def _show(
    request: HttpRequest,
    form: MatterForm,
    said: actions.Said,
    photos: list[Kept],
    now: datetime,
    *,
    error: HuyingError | None = None,
    status: int = 200,
) -> HttpResponse:
    """Step two: how we understood it, who will get it and by when, what is already known near by."""
    seen = queries.understand(said.matter(now), now=now)
    chosen = said.chosen if said.chosen in (*seen.codes, rules.UNSURE) else ""
    _actor, user = resident(request)
    shown = {
        "form": form,
        "said": said,
        "photos": photos,
        "seen": seen,
        "served": queries.served(now)[1] if seen.outside else "",
        "others": other_matters(said.text),
        "chosen": chosen or (seen.codes[0] if seen.sure else rules.UNSURE),
        "unsure": rules.UNSURE,
        "lines": [(line, words.EMERGENCY_LINES.get(line, "")) for line in seen.emergency],
        "account": user,
        "error": error,
        "steps": STEPS,
        "hotline": HOTLINE,
    }
    return render(request, "portal/preview.html", shown, status=status)


def report_photo(request: HttpRequest, token: str) -> HttpResponseBase:
    """A photo that is not sent yet, for whoever holds the form."""
    file_id = forms.file_of(token)
    file = StoredFile.objects.filter(pk=file_id).first() if file_id is not None else None
    if file is None:
        raise Http404
    return picture(file, small=True)


def picture(file: StoredFile, *, small: bool) -> HttpResponseBase:
    """The bytes of a photo, private to this browser."""
    place = (thumbnail_of(file) if small else None) or path_of(file.sha256)
    if not place.is_file():
        raise Http404
    answer = FileResponse(place.open("rb"), content_type=file.media_type)
    answer["Cache-Control"] = "private, max-age=86400"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
