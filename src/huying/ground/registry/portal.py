"""My information: what is kept about me, who looked, what I may ask for. For residents signed in by phone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from huying.ground.accounts.models import User
from huying.ground.organisation.models import Appointment, Unit
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import HuyingError, Invalid, NotFound
from huying.kernel.paging import Page
from huying.kernel.privacy import AccessEntry, mask_name, reveal
from huying.kernel.privacy import who_looked as looks_at

from . import actions, binding, queries, queries_desk
from .choices import CARE_LISTS, RELATION_KINDS, RESIDENCE_KINDS
from .consents import purpose_words
from .fields import FIELDS
from .masking import label, masked, said
from .models import CareEntry, Consent, Relation, Residence, Resident, RightsRequest, State
from .words import RIGHTS, SELF, fields_words, freshness_words

BOUND: Final = "registry_me"
PAGE_SIZE: Final = 20
View = Callable[[HttpRequest, Resident], HttpResponse]


def _user(request: HttpRequest) -> User | None:
    user = request.user
    return user if isinstance(user, User) and user.kind == User.Kind.RESIDENT and user.is_active else None


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined, no-any-return]


def _bound(request: HttpRequest, user: User) -> tuple[Resident | None, list[Resident]]:
    """Whose page this is, and among whom it must first be told: numbers are given to new people, so a phone alone is no proof.

    Only where no identity number is kept, by which anybody could be told, is the one with that phone taken.
    """
    candidates = queries.residents_of_phone(user.phone)
    if len(candidates) == 1 and not candidates[0].secrets.get("id_number"):
        return candidates[0], candidates
    told = request.session.get(BOUND)
    return next((one for one in candidates if str(one.uid) == told), None), candidates


def own(view: View) -> Callable[..., HttpResponse]:
    """Signed out → sign in by phone; not yet told apart → the page that asks; staff have no such page."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("resident-sign-in"))
        user = _user(request)
        if user is None:
            raise NotFound()
        resident, candidates = _bound(request, user)
        if resident is None:
            return _tell_apart(request, candidates)
        answer = view(request, resident, **kwargs)
        answer.headers.setdefault("Cache-Control", "no-store")
        return answer

    return guarded


def _tell_apart(request: HttpRequest, candidates: list[Resident]) -> HttpResponse:
    """The last six signs of the identity number tell whose page it is. Nobody's name is shown."""
    error: HuyingError | None = None
    if candidates and request.method == "POST" and "ending" in request.POST:
        try:
            found = binding.tell_by_id(candidates, request.POST["ending"], actor=_actor(request), now=clock.now())
            request.session[BOUND] = str(found.uid)
            return redirect("my-information")
        except HuyingError as refused:
            error = refused
    endings = [str(one.secrets.get("id_number") or "")[-6:] for one in candidates] if settings.HUYING_DEMO else []
    shown = {"known": bool(candidates), "error": error, "endings": endings}
    return render(request, "registry/mine_whose.html", shown, status=error.status if error else 200)


# --- what is kept about me -----------------------------------------------------------------------------------------


@own
def mine(request: HttpRequest, resident: Resident) -> HttpResponse:
    """What is kept about me, masked."""
    return render(request, "registry/mine.html", _words(resident))


@own
def open_mine(request: HttpRequest, resident: Resident) -> HttpResponse:
    """The same, opened by the person themselves; written down as that."""
    actor, now = _actor(request), clock.now()
    names = [name for name, field in FIELDS["person"].items() if field.private]
    reveal(actor=actor, now=now, subject=f"resident:{resident.pk}", why=SELF, fields=names)
    return render(request, "registry/mine.html", _words(resident, is_open=True))


def _words(resident: Resident, *, is_open: bool = False) -> dict[str, Any]:
    now = clock.now()
    secrets, masks = resident.secrets, masked(resident)
    rows = []
    for name, field in FIELDS["person"].items():
        if field.type == "ref" or name in ("ending", "ended_on"):
            continue
        value = secrets.get(name) if field.private else resident.value(name)
        if value in ("", None):
            continue
        shut = field.private and not is_open
        rows.append((field.label, masks.get(name, "") if shut else said(field, value), shut))
    active = {"resident": resident, "state": State.ACTIVE}
    stays = Residence.objects.filter(**active).select_related("premises").order_by("-since", "id")[:20]
    relations = Relation.objects.filter(**active).select_related("other").order_by("emergency_rank", "id")[:20]
    care = CareEntry.objects.filter(**active).order_by("since")
    latest = looks_at(f"resident:{resident.pk}", size=3).rows
    return {
        "resident": resident,
        "name": secrets.get("name", "") if is_open else label(resident),
        "rows": rows,
        "is_open": is_open,
        "fresh": freshness_words(resident.checked_at, now),
        "stays": [(dict(RESIDENCE_KINDS)[one.kind], one.premises.address, one.since, one.until) for one in stays],
        "relations": [(dict(RELATION_KINDS)[one.kind], _contact(one), one.emergency_rank) for one in relations],
        "care": [(dict(CARE_LISTS)[one.list], one.basis, one.until) for one in care],
        "consents": [(one, purpose_words(one.purpose)) for one in queries_desk.consents(resident)],
        "requests": _requests(resident),
        "looks": look_rows(latest, resident),
        "now": now,
    }


def _contact(one: Relation) -> str:
    name = one.secrets.get("contact_name") or (one.other.secrets.get("name") if one.other is not None else "")
    return mask_name(str(name or ""))


def _requests(resident: Resident) -> list[dict[str, Any]]:
    rows = RightsRequest.objects.filter(resident=resident).order_by("-id")[:20]
    return [{"row": one, "kind": one.get_kind_display(), "state": one.get_state_display()} for one in rows]


# --- who looked ----------------------------------------------------------------------------------------------------


@own
def who_looked(request: HttpRequest, resident: Resident) -> HttpResponse:
    """Everybody who opened something of mine, latest first."""
    found: Page[AccessEntry] = looks_at(f"resident:{resident.pk}", cursor=request.GET.get("cursor"), size=PAGE_SIZE)
    shown = {"page": found, "looks": look_rows(found.rows, resident)}
    return render(request, "registry/mine_looks.html", shown)


def look_rows(entries: list[AccessEntry], resident: Resident) -> list[dict[str, Any]]:
    """Looks in plain words: unit and role of who looked, their name masked, why, what. Two queries for a page."""
    units = {one.pk: one.label for one in Unit.objects.filter(pk__in={e.actor_unit for e in entries if e.actor_unit})}
    held = _roles(entries)
    rows = []
    for entry in entries:
        self_look = entry.why == SELF
        rows.append(
            {
                "self": self_look,
                "who": "" if self_look else mask_name(entry.actor_name),
                "unit": units.get(entry.actor_unit or 0, ""),
                "role": held(entry),
                "at": entry.at,
                "why": entry.why,
                "what": fields_words(entry.what),
            }
        )
    return rows


def _roles(entries: list[AccessEntry]) -> Callable[[AccessEntry], str]:
    """entry → the role its reader held on that day in that unit."""
    people = {
        int(entry.actor_ref[7:])
        for entry in entries
        if entry.actor_ref[:7] == "person:" and entry.actor_ref[7:].isdecimal()
    }
    if not people:
        return lambda _entry: ""
    days = [local_day(entry.at) for entry in entries]
    rows = list(
        Appointment.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gt=min(days)), person_id__in=people, valid_from__lte=max(days)
        ).order_by("post__rank", "id")
    )

    def held(entry: AccessEntry) -> str:
        day: date = local_day(entry.at)
        for row in rows:
            own_row = f"person:{row.person_id}" == entry.actor_ref and row.unit_id == entry.actor_unit
            if own_row and row.valid_from <= day and (row.valid_to is None or row.valid_to > day):
                return str(row.get_role_display())
        return ""

    return held


# --- what I may ask for --------------------------------------------------------------------------------------------


@own
def ask(request: HttpRequest, resident: Resident) -> HttpResponse:
    """Ask to be corrected, erased, or for a copy."""
    error: HuyingError | None = None
    typed = request.POST
    if request.method == "POST":
        try:
            if typed.get("kind") not in {kind for kind, _title, _hint in RIGHTS}:
                raise Invalid(_("请选择要我们做什么"), field="kind")
            made = actions.ask_right(
                actor=_actor(request),
                now=clock.now(),
                kind=typed["kind"],
                text=typed.get("text", ""),
                resident=resident,
            )
            day = f"{local_day(made.due_at):%Y-%m-%d}"
            messages.success(request, _("收到了，最迟 %(day)s 答复您，答复写在这一页。") % {"day": day})
            return redirect(f"{reverse('my-information')}#asked")
        except HuyingError as refused:
            error = refused
    shown = {
        "rights": RIGHTS,
        "typed": typed,
        "kind": typed.get("kind") or request.GET.get("kind", ""),
        "error": error,
        "errors": {name: str(text) for name, text in error.fields.items()} if isinstance(error, Invalid) else {},
    }
    return render(request, "registry/mine_ask.html", shown, status=error.status if error else 200)


@own
def withdraw(request: HttpRequest, resident: Resident, number: int) -> HttpResponse:
    """Withdraw a consent: one tap, as easy as giving it."""
    consent = Consent.objects.select_related("resident").filter(pk=number, resident=resident).first()
    if consent is None:
        raise NotFound(_("没有这项同意"))
    actions.withdraw_consent(actor=_actor(request), now=clock.now(), consent=consent)
    messages.success(request, _("已撤回。以后不再为这件事使用您的信息。"))
    return redirect(f"{reverse('my-information')}#consents")
