"""What a case is about, both ways: its subjects on its page, and on the page of a subject the matters about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from huying.ground.registry import access as registry
from huying.ground.registry.masking import label
from huying.kernel import clock
from huying.kernel.actor import Actor

from .. import queries, words
from ..queries_desk import Queue
from ..rules import State
from ..subjects import REGISTERED, keys, mark
from ..words_desk import SUBJECTS
from .guard import actor_of
from .shown import state_kind

FEW: Final = 8


def links_of(actor: Actor, marks: Sequence[str]) -> list[tuple[str, str, str]]:
    """(kind, name, address) of the registered subjects the actor may see. One query a kind, none without subjects."""
    found = []
    for kind in REGISTERED:
        if uids := keys(marks, kind):
            rows = registry.visible(actor, kind).filter(uid__in=uids).exclude(state="merged").defer("private")
            found += [(str(SUBJECTS[kind]), label(one), _page(kind, one.uid)) for one in rows.order_by("id")]
    return found


def _page(kind: str, uid: object) -> str:
    return reverse("registry-record", args=[kind, uid])


def on_record(request: HttpRequest, record: Any) -> str:
    """On the page of premises, of an organisation or of a facility: the matters about it the reader may see."""
    if record.KIND not in REGISTERED:
        return ""
    title = _("这家单位的事") if record.KIND == "organisation" else _("这里的事")
    empty = _("检查、设备报警和居民反映提到这里的，都会列出来。")
    return _matters(request, mark(record.KIND, record.uid), title, empty)


def on_device(request: HttpRequest, device: Any) -> str:
    """On the page of a device: the matters its alarms opened, as far as the reader may see them."""
    return _matters(request, mark("device", device.code), _("这台设备的事"), _("报警转成的事件都会列出来。"))


def _matters(request: HttpRequest, subject: str, title: str, empty: str) -> str:
    actor = actor_of(request)
    rows = queries.about_subject(actor, subject, most=FEW + 1)
    shown = {
        "title": title,
        "empty": empty,
        "rows": [(case, words.STATES[State(case.state)], state_kind(case)) for case in rows[:FEW]],
        "more": f"{reverse('cases-inbox')}?{urlencode({'queue': Queue.ALL, 'about': subject})}"
        if len(rows) > FEW
        else "",
        "now": clock.now(),
    }
    return render_to_string("cases/_about.html", shown, request=request)
