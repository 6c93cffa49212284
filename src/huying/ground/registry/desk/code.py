"""The QR code of premises: a picture, and a page to print and put up at the door."""

from __future__ import annotations

import io

import segno
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from .. import access
from ..models import Premises
from .frame import actor_of, page


@page()
@require_GET
def code_page(request: HttpRequest, uid: str) -> HttpResponse:
    """To print: the code, the address, how to use it."""
    record: Premises = access.get(actor_of(request), "premises", uid)
    return render(request, "registry/code.html", {"record": record, "address": address_of_code(request, record)})


@page()
@require_GET
def code_picture(request: HttpRequest, uid: str) -> HttpResponseBase:
    """The code alone as PNG."""
    record: Premises = access.get(actor_of(request), "premises", uid)
    drawn = io.BytesIO()
    segno.make(address_of_code(request, record), error="q", micro=False).save(drawn, kind="png", scale=8, border=3)
    answer = HttpResponse(drawn.getvalue(), content_type="image/png")
    answer["Cache-Control"] = "private, max-age=86400"
    return answer


def address_of_code(request: HttpRequest, record: Premises) -> str:
    """What the code says: the public page of these premises, ``/p/<code>``."""
    return request.build_absolute_uri(f"/p/{record.code}")
