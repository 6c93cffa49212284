"""What devices hang on a case's page: the devices it is about."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import pgettext

from huying.casework.cases.desk.guard import actor_of
from huying.casework.cases.models import Case
from huying.casework.cases.subjects import keys

from .. import access


def on_case(request: HttpRequest, case: Case) -> str:
    """A link to each device the reader may see. One query, none for a case that is about no device."""
    codes = keys(case.about, "device")
    if not codes:
        return ""
    rows = access.visible(actor_of(request)).filter(code__in=codes).order_by("code").values_list("code", "name")
    return format_html_join(
        "",
        '<span class="block"><a class="link" href="{}">{}</a> <span class="small muted">{}</span></span>',
        ((reverse("devices-device", args=[code]), name, pgettext("one", "设备")) for code, name in rows),
    )
