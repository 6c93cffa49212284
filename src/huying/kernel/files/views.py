"""Serving of stored files to those who may see them; everybody else gets 404."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from huying.kernel.actor import Actor
from huying.kernel.files.models import StoredFile
from huying.kernel.files.store import may_see, path_of, thumbnail_of

_RANGE: Final = re.compile(r"bytes=([0-9]{0,12})-([0-9]{0,12})")
_CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_safe
def serve_file(request: HttpRequest, pk: int, digest: str, thumbnail: bool = False) -> HttpResponseBase:
    """The bytes of a file, or of its thumbnail. The address holds the hash, so the answer never changes."""
    actor = getattr(request, "actor", None)
    file = StoredFile.objects.filter(pk=pk, sha256__startswith=digest).first() if len(digest) == 16 else None
    if not isinstance(actor, Actor) or file is None or not may_see(actor, file):
        raise Http404
    place = thumbnail_of(file) if thumbnail else path_of(file.sha256)
    if place is None or not place.is_file():
        raise Http404
    document = file.kind == StoredFile.Kind.DOCUMENT
    tag = f'"{file.sha256[:32]}{"-small" if thumbnail else ""}"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponseBase = HttpResponseNotModified()
    elif file.kind == StoredFile.Kind.SOUND and (asked := request.headers.get("Range")):
        response = _part(place, file.media_type, asked, tag, request.headers.get("If-Range"))
    else:
        response = FileResponse(place.open("rb"), content_type=file.media_type)
    if file.kind == StoredFile.Kind.SOUND:
        response.headers["Accept-Ranges"] = "bytes"
    disposition = content_disposition_header(document, file.name if document else "")
    if disposition:
        response.headers["Content-Disposition"] = disposition
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _CSP
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _part(path: Path, media_type: str, asked: str, tag: str, unless: str | None) -> HttpResponseBase:
    """One stretch of a sound, so that a player can go to any place in it (RFC 9110 §14).

    What names several stretches, or another version of the file, gets the whole; a stretch beyond its end is refused.
    """
    size = path.stat().st_size
    found = _RANGE.fullmatch(asked.strip())
    if found is None or found[1] == found[2] == "" or unless not in (None, tag):
        return FileResponse(path.open("rb"), content_type=media_type)
    first = int(found[1]) if found[1] else max(0, size - int(found[2]))
    last = min(size - 1, int(found[2])) if found[1] and found[2] else size - 1
    if first > last:
        if found[1] and found[2] and int(found[1]) > int(found[2]):
            return FileResponse(path.open("rb"), content_type=media_type)
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    with path.open("rb") as file:
        file.seek(first)
        content = file.read(last - first + 1)
    response = HttpResponse(content, status=206, content_type=media_type)
    response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    return response


urlpatterns = [
    path("files/<int:pk>/<str:digest>", serve_file, name="file"),
    path("files/<int:pk>/<str:digest>/small", serve_file, {"thumbnail": True}, name="file-thumbnail"),
]
