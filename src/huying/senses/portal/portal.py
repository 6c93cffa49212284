"""Pages for everybody: home, what is done near by, whom to call, what happens to what I say."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from huying.ground.accounts.models import User
from huying.ground.accounts.places import address_of
from huying.ground.organisation.access import ANONYMOUS
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.errors import HuyingError, Invalid
from huying.senses.reports import throttle
from huying.senses.reports.rules import normal_tracking_code, spoken_tracking_code

from . import actions, forms, queries, words

DEVICE_CODES = "huying_codes"
MOST_DEVICE_CODES = 20
HOTLINE = "12345"


def resident(request: HttpRequest) -> tuple[Actor, User | None]:
    """Who speaks: a signed-in resident, or somebody unknown. Staff are residents here, and unknown ones."""
    if request.user.is_authenticated and getattr(request.user, "kind", "") == User.Kind.RESIDENT:
        return Actor("resident", f"user:{request.user.pk}", str(request.user)), request.user
    return ANONYMOUS, None


def address(request: HttpRequest) -> str:
    return address_of(request) or "?"


def remember(request: HttpRequest, code: str) -> None:
    """Keep a tracking code with this device, so that somebody without an account finds the way back."""
    codes = [one for one in request.session.get(DEVICE_CODES, []) if one != code]
    request.session[DEVICE_CODES] = [code, *codes][:MOST_DEVICE_CODES]


def place_name(request: HttpRequest) -> str:
    """For the head of every portal page."""
    return queries.served(clock.now())[1]


def home(request: HttpRequest) -> HttpResponse:
    """What can I do here?"""
    now = clock.now()
    return render(
        request,
        "portal/home.html",
        {"week": queries.week(now), "doors": words.DOORS, "hotline": HOTLINE, "centre": queries.centre_phone(now)},
    )


def call(request: HttpRequest) -> HttpResponse:
    """Somebody to talk to: emergencies, the hotline, the community."""
    now = clock.now()
    return render(
        request,
        "portal/call.html",
        {
            "lines": list(words.EMERGENCY_LINES.items()),
            "hotline": HOTLINE,
            "centre": queries.centre_phone(now),
            "streets": queries.streets(now, with_phone=True),
        },
    )


def privacy(request: HttpRequest) -> HttpResponse:
    """Who sees what I say, how long it is kept, what I may ask for."""
    return render(request, "portal/privacy.html", {"hotline": HOTLINE})


def track(request: HttpRequest) -> HttpResponse:
    """From a typed tracking code to its page."""
    typed = request.POST.get("code", "")[:40]
    error = ""
    if request.method == "POST":
        code = normal_tracking_code(typed)
        try:
            throttle.count("look", address(request), now=clock.now())
            if queries.by_codes([code], now=clock.now()):
                return redirect("matter", code=code)
            error = gettext("没有找到这个查询码。请对照短信或二维码，一个字一个字再看看。")
        except HuyingError as refused:
            error = str(refused)
    return mine(request, typed=typed, error=error)


def mine(request: HttpRequest, *, typed: str = "", error: str = "") -> HttpResponse:
    """Where are my matters? Those of my account, those of this device, or the one of a code."""
    _actor, user = resident(request)
    now = clock.now()
    codes = [str(code) for code in request.session.get(DEVICE_CODES, [])]
    shown = {
        "page": queries.mine(user, now=now, cursor=request.GET.get("cursor")) if user else None,
        "here": queries.by_codes(codes, now=now) if not user else [],
        "signed_in": user is not None,
        "typed": typed,
        "error": error,
    }
    return render(request, "portal/mine.html", shown, status=422 if error else 200)


def forget(request: HttpRequest) -> HttpResponse:
    """Let this device forget the tracking codes: for a phone that is not one's own."""
    request.session.pop(DEVICE_CODES, None)
    return redirect("mine")


def _area(request: HttpRequest) -> str:
    area = request.GET.get("area", "")
    if area and (not area.isdecimal() or len(area) not in (9, 12)):
        raise Invalid(field="area")
    return area


def around(request: HttpRequest) -> HttpResponse:
    """What is being done near me, and what was done this week."""
    now, area = clock.now(), _area(request)
    done = request.GET.get("show") == "done"
    places = [
        (code, f"{street.name} · {name}") for street in queries.streets(now) for code, name, _p in street.communities
    ]
    return render(
        request,
        "portal/around.html",
        {
            "page": queries.around(now=now, area=area, done=done, cursor=request.GET.get("cursor")),
            "done": done,
            "not_done": not done,
            "area": area,
            "places": places,
            "prefix": queries.served(now)[0],
        },
    )


def around_points(request: HttpRequest) -> HttpResponse:
    """Open public matters as GeoJSON points."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [lon, lat]},
            "properties": {"name": name, "url": reverse("around-one", args=[pk]), "light": "none"},
        }
        for lon, lat, name, pk in queries.public_points(area=_area(request))
    ]
    answer = JsonResponse({"type": "FeatureCollection", "features": features})
    answer["Cache-Control"] = "public, max-age=60"
    return answer


def around_one(request: HttpRequest, case_id: int) -> HttpResponse:
    """One open public matter: is this what I see too? Then +1."""
    near = queries.public_open(case_id)
    actor, user = resident(request)
    words_ = {"one": near, "key": forms.new_key(), "spoken": spoken_tracking_code}
    if request.method != "POST":
        return render(request, "portal/one.html", words_)
    form = forms.MatterForm({**request.POST.dict(), "text": request.POST.get("text", "").strip() or _me_too(near)})
    try:
        if not form.is_valid():
            return render(request, "portal/one.html", {**words_, "form": form}, status=422)
        throttle.count("send", actor.ref if user else address(request), now=clock.now())
        said = actions.Said(
            key=form.cleaned_data["key"],
            text=form.cleaned_data["text"],
            phone="" if user else form.cleaned_data["phone"],
            user_id=user.pk if user else None,
            name=str(user) if user and user.name else "",
        )
        (taken,) = actions.join_matter(case_id, said, actor=actor, now=clock.now())
    except HuyingError as error:
        return render(request, "portal/one.html", {**words_, "form": form, "error": error}, status=error.status)
    remember(request, taken.tracking_code)
    return redirect("matter-sent", code=taken.tracking_code)


def _me_too(near: queries.Near) -> str:
    return gettext("我也遇到了：%(label)s") % {"label": near.label}
