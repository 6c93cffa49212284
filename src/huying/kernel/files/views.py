"""Serving of stored files to those who may see them; everybody else gets 404."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseNotModified
from django.urls import path
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from huying.kernel.actor import Actor
from huying.kernel.files.models import StoredFile
from huying.kernel.files.store import may_see, path_of

_CSP = "default-src 'none'; style-src 'unsafe-inline'; sandbox"


@require_safe
def serve_file(request: HttpRequest, pk: int, digest: str, thumbnail: bool = False) -> HttpResponseBase:
    """The bytes of a file, or of its thumbnail. The address holds the hash, so the answer never changes."""
    actor = getattr(request, "actor", None)
    file = StoredFile.objects.filter(pk=pk, sha256__startswith=digest).first() if len(digest) == 16 else None
    if not isinstance(actor, Actor) or file is None or not may_see(actor, file):
        raise Http404
    wanted = file.thumbnail_sha256 if thumbnail else file.sha256
    if not wanted or not path_of(wanted).is_file():
        raise Http404
    document = file.kind == StoredFile.Kind.DOCUMENT
    tag = f'"{wanted[:32]}"'
    if request.headers.get("If-None-Match") == tag:
        response: HttpResponseBase = HttpResponseNotModified()
    else:
        response = FileResponse(path_of(wanted).open("rb"), content_type=file.media_type)
    disposition = content_disposition_header(document, file.name if document else "")
    if disposition:
        response.headers["Content-Disposition"] = disposition
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _CSP
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


urlpatterns = [
    path("files/<int:pk>/<str:digest>", serve_file, name="file"),
    path("files/<int:pk>/<str:digest>/small", serve_file, {"thumbnail": True}, name="file-thumbnail"),
]
