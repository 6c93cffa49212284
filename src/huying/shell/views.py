"""The few pages that belong to no room: switches, errors, the gallery."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import is_valid_path
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from huying.shell.place import ELDER_COOKIE

Text = str | Promise
YEAR = 365 * 24 * 3600

ERRORS: dict[int, tuple[Text, Text]] = {
    400: (_("这个请求我们没看懂"), _("请返回上一页重新试一次。如果地址是别人发来的，请让对方再发一遍。")),
    403: (_("这里需要相应的权限"), _("如果您认为应该能看到这一页，请联系本单位管理员核对您的岗位和范围。")),
    404: (_("没有找到这一页"), _("它可能已经移走，也可能地址少了几个字。可以回到首页，或用查询码查找您反映的事项。")),
    409: (_("情况刚刚有了变化"), _("别人先一步处理了这件事。请刷新看看最新情况，再决定怎么做。")),
    500: (_("我们这边出了点问题"), _("您填写的内容还在，请稍后再试一次。我们已经记下这次故障，正在查看。")),
}


def back_to(request: HttpRequest) -> str:
    """Where a switch returns to: a page of ours, never somebody else's."""
    target = request.POST.get("next") or request.headers.get("referer") or "/"
    safe = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if safe else "/"


@require_POST
def switch_elder(request: HttpRequest) -> HttpResponse:
    """Turn elder mode on or off for this device."""
    response = HttpResponseRedirect(back_to(request))
    if request.POST.get("elder") == "1":
        response.set_cookie(
            ELDER_COOKIE, "1", max_age=YEAR, samesite="Lax", httponly=True, secure=settings.SESSION_COOKIE_SECURE
        )
    else:
        response.delete_cookie(ELDER_COOKIE, samesite="Lax")
    return response


def error_page(request: HttpRequest, status: int, *, title: Text = "", hint: Text = "", code: str = "") -> HttpResponse:
    """A kind page for a failure; htmx requests get the words in a header and leave the page as it is."""
    known = ERRORS.get(status, ERRORS[400 if status < 500 else 500])
    words: dict[str, object] = {"title": title or known[0], "hint": hint or known[1], "status": status, "code": code}
    if request.headers.get("HX-Request") == "true":
        said = f"{words['title']} {hint}".strip()
        return HttpResponse(
            said, status=status, content_type="text/plain; charset=utf-8", headers={"X-Message": quote(said)}
        )
    if status >= 500:
        words["messages"] = ()  # waiting messages live in the session, which may be what failed
    return render(request, "shell/error.html", words, status=status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler400"""
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler403"""
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """handler404: an address with one slash too few or too many leads to its page."""
    meant = request.path[:-1] if request.path.endswith("/") else f"{request.path}/"
    if request.method in ("GET", "HEAD") and request.resolver_match is None and is_valid_path(meant):
        asked = request.META.get("QUERY_STRING", "")
        return HttpResponseRedirect(f"{quote(meant)}?{asked}" if asked else quote(meant))
    return error_page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: touches neither the database nor the session."""
    return error_page(request, 500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW"""
    return error_page(
        request,
        403,
        title=_("页面放得太久了"),
        hint=_("为了您的安全，请返回上一页、刷新后再提交一次；填写的内容仍会保留。"),
    )
