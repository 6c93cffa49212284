"""Keys for other systems: issue (the secret is shown once), renew, revoke."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import actions, queries, rules
from huying.ground.organisation.models import ApiKey
from huying.kernel import clock
from huying.kernel.errors import Invalid

from .frame import area_labels, entered, number_in, page, respond, unit_named

RENEWED_FOR = timedelta(days=180)
MOST_DAYS = 9_999  # more are refused like this many
SCOPE_LABELS = {
    "reports:write": _("写入诉求"),
    "reports:read": _("读取诉求"),
    "cases:read": _("读取事件"),
    "cases:act": _("办理事件"),
    "catalogue:read": _("读取事项"),
    "areas:read": _("读取网格"),
    "units:read": _("读取单位"),
    "registry:read": _("读取基础信息（打码）"),
    "registry:write": _("提交基础信息"),
    "field:read": _("读取网格工作"),
    "devices:read": _("读取设备"),
    "devices:write": _("登记和修改设备"),
    "readings:write": _("送设备读数"),
}


@page("key.edit")
def key_list(request: HttpRequest) -> HttpResponse:
    """All keys with scope, area, expiry and last use."""

    def issue(actor: Any, now: Any) -> HttpResponse:
        code, days = entered(request, "unit"), min(number_in(entered(request, "days")), MOST_DAYS)
        key, token = actions.issue_key(
            actor=actor,
            now=now,
            name=entered(request, "name"),
            scopes=request.POST.getlist("scopes"),
            expires_at=now + timedelta(days=days),
            unit=unit_named(code) if code else None,
            area=entered(request, "area"),
        )
        return _shown_once(request, key, token)

    def renew(actor: Any, now: Any) -> HttpResponse:
        key, token = actions.renew_key(actor=actor, now=now, key=_chosen(request), expires_at=now + RENEWED_FOR)
        return _shown_once(request, key, token)

    def revoke(actor: Any, now: Any) -> None:
        actions.revoke_key(actor=actor, now=now, key=_chosen(request), reason=entered(request, "reason"))

    deeds = {"issue": issue, "renew": renew, "revoke": revoke}
    return respond(request, "organisation/keys.html", lambda: _words(request), deeds, said={"revoke": _("已吊销")})


def _chosen(request: HttpRequest) -> ApiKey:
    key = ApiKey.objects.select_related("unit").filter(pk=number_in(entered(request, "key"))).first()
    if key is None:
        raise Invalid(_("没有这个密钥"))
    return key


def _shown_once(request: HttpRequest, key: ApiKey, token: str) -> HttpResponse:
    response = render(request, "organisation/keys.html", _words(request) | {"token": token, "issued": key})
    response["Cache-Control"] = "no-store"
    return response


def _words(request: HttpRequest) -> dict[str, Any]:
    now, rows = clock.now(), queries.api_keys()
    labels = area_labels(row.area for row in rows)
    state = {"": _("可用"), "revoked": _("已吊销"), "expired": _("已过期")}
    return {
        "rows": [
            (
                row,
                labels[row.area],
                state[rules.key_refusal(now=now, expires_at=row.expires_at, revoked_at=row.revoked_at)],
                row.usable(now),
                [SCOPE_LABELS[scope] for scope in row.scopes],
            )
            for row in rows
        ],
        "scopes": [(scope, SCOPE_LABELS[scope], scope) for scope in rules.SCOPES],
    }
