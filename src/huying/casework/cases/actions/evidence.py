"""What a unit proves its work with: what it wrote down, and the pictures that really hang on the case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from huying.casework.catalogue.conditions import unmet
from huying.casework.catalogue.evidence import Evidence, Photo
from huying.kernel import trace
from huying.kernel.errors import Invalid
from huying.kernel.models import StoredFile

from ..models import Attachment, Case
from ..rules import Action
from ..turns import chain
from ..words import refusal

_SENT_BACK = (Action.FAIL_CHECK, Action.ORDER_REDO)
_PHOTOS = ("photos_before", "photos_after")


def evidence_of(case: Case, given: Mapping[str, Any]) -> Evidence:
    """What was handed in together with the case's own pictures (those of the report count as before).

    Pictures named in ``given`` are not looked at: only a file that is there proves anything.
    """
    evidence = Evidence.from_json({name: value for name, value in given.items() if name not in _PHOTOS})
    before = [_photo(one) for one in _pictures(case, "report", "before")]
    after = [_photo(one) for one in _pictures(case, "after")]
    return replace(evidence, photos_before=tuple(before), photos_after=tuple(after))


def _pictures(case: Case, *stages: str) -> list[Attachment]:
    hanging = Attachment.objects.filter(case=case, stage__in=stages, file__kind=StoredFile.Kind.IMAGE)
    return list(hanging.select_related("file").order_by("id"))


def _photo(one: Attachment) -> Photo:
    file = one.file
    return Photo(file.captured_at or one.made_at, file.captured_lon, file.captured_lat, file.sha256)


def must_suffice(case: Case, evidence: Evidence, **called: str) -> None:
    """Invalid, naming what is missing (as the form calls it), unless the evidence meets the item's condition.

    Where it rests on pictures and the case was sent back, one of them at least shows what was done since.
    """
    missing = unmet(case.item.conditions, evidence, photos_min=case.item.needs_photo_min)
    english = (get_language() or "").startswith("en")
    fields = {called.get(one.field, one.field): one.text.en if english else one.text.zh for one in missing}
    if not fields and _rests_on_pictures(case, evidence) and not _has_new_picture(case):
        fields = {"photos_after": _("退回以后要有新拍的处置后照片。")}
    if fields:
        message, hint = refusal("evidence_missing")
        raise Invalid(message, code="evidence_missing", hint=hint, fields=fields)


def _rests_on_pictures(case: Case, evidence: Evidence) -> bool:
    bare = replace(evidence, photos_after=())
    return bool(unmet(case.item.conditions, bare, photos_min=case.item.needs_photo_min))


def _has_new_picture(case: Case) -> bool:
    """Whether a picture was taken and put up after the case was last sent back; also when it never was."""
    back = _last_sent_back(case)
    if back is None:
        return True
    return any(min(one.made_at, one.file.captured_at or one.made_at) > back for one in _pictures(case, "after"))


def _last_sent_back(case: Case) -> datetime | None:
    if not case.redos:
        return None
    entries = trace.Entry.objects.filter(chain=chain(case.pk), verb__in=_SENT_BACK).order_by("-seq")
    return entries.values_list("at", flat=True).first()
