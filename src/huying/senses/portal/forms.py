"""What residents fill in. Everything typed stays, whatever happens."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from huying.ground.accounts.rules import is_phone, normal_phone
from huying.kernel import files
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid
from huying.kernel.models import StoredFile
from huying.senses.reports.rules import MOST_PHOTOS, SHORTEST_TEXT

from . import rules, words

_PHOTO_SALT = "huying.portal.photo"
_PHOTO_AGE = 24 * 3600


def new_key() -> str:
    """The one-time key of a form."""
    return secrets.token_urlsafe(24)


class MatterForm(forms.Form):
    """A matter: what and where, then how to be answered. Only what happened is required."""

    key = forms.CharField(required=False)
    text = forms.CharField(
        label=_("发生了什么"),
        max_length=rules.LONGEST_TEXT,
        min_length=SHORTEST_TEXT,
        error_messages={
            "required": _("请说说是什么事，一两句话就行"),
            "min_length": _("请说说是什么事，一两句话就行"),
            "max_length": _("请控制在两千字以内"),
        },
    )
    place_text = forms.CharField(label=_("在哪里"), max_length=200, required=False)
    lon = forms.FloatField(required=False, min_value=-180, max_value=180)
    lat = forms.FloatField(required=False, min_value=-90, max_value=90)
    about = forms.CharField(required=False)  # the public code of the place whose sign was scanned
    chosen = forms.CharField(required=False, max_length=8)
    name = forms.CharField(label=_("怎么称呼您"), max_length=40, required=False)
    phone = forms.CharField(label=_("手机号"), max_length=20, required=False)
    hide_identity = forms.BooleanField(required=False)
    split = forms.BooleanField(required=False)
    anonymous = forms.BooleanField(required=False)
    website = forms.CharField(required=False)  # nobody sees it; what fills it in is a machine

    def clean_key(self) -> str:
        key = str(self.cleaned_data["key"])
        return key if rules.is_form_key(key) else new_key()

    def clean_about(self) -> str:
        return str(self.cleaned_data["about"])[:16]

    def clean_phone(self) -> str:
        phone = normal_phone(str(self.cleaned_data["phone"]))
        if phone and not is_phone(phone):
            raise forms.ValidationError(_("手机号应是 11 位数字，请再看看；不留也可以"))
        return phone

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("请把“网站”这一栏留空，再送一次"))
        return ""

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if (cleaned.get("lon") is None) != (cleaned.get("lat") is None):
            cleaned["lon"] = cleaned["lat"] = None
        return cleaned

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Field and words of each mistake, for the summary on top."""
        seen = {"lon": "", "lat": "", "key": "", "chosen": ""}
        return [(seen.get(name, name), str(one)) for name, errors in self.errors.items() for one in errors]


def _yes_no() -> forms.TypedChoiceField:
    """A question one may leave open."""
    return forms.TypedChoiceField(
        choices=(("yes", ""), ("no", "")), coerce=lambda value: value == "yes", empty_value=None, required=False
    )


class RatingForm(forms.Form):
    """评价: how satisfied, whether somebody got in touch in time, whether it is solved, and what one would like to say."""

    score = forms.TypedChoiceField(
        choices=words.SCORES,
        coerce=int,
        error_messages={"required": _("请选一个，再送出"), "invalid_choice": _("请选一个，再送出")},
    )
    responded = _yes_no()
    solved = _yes_no()
    comment = forms.CharField(max_length=500, required=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """A photo that was already sent with an earlier step of the form; ``token`` is the form's right to it."""

    file: StoredFile
    token: str


def take_photos(uploads: Sequence[UploadedFile[Any]], key: str, *, kept: int, actor: Actor, now: Any) -> list[Kept]:
    """Clean and store photos. Raises Invalid in plain words for too many, or for one that is no photo."""
    if len(uploads) + kept > MOST_PHOTOS:
        raise Invalid(_("最多放 %(most)d 张照片") % {"most": MOST_PHOTOS}, code="too_many_photos", field="photos")
    taken = []
    for upload in uploads:
        file = files.accept_upload(upload, actor=actor, now=now, name=upload.name or "")
        taken.append(Kept(file, photo_token(file.pk, key)))
    return taken


def photo_token(file_id: int, key: str) -> str:
    return signing.dumps([file_id, key], salt=_PHOTO_SALT, compress=True)


def file_of(token: str, key: str | None = None) -> int | None:
    """The file a token gives the right to; ``None`` for one that is forged, old, or of another form."""
    try:
        file_id, made_for = signing.loads(token, salt=_PHOTO_SALT, max_age=_PHOTO_AGE)
    except (signing.BadSignature, ValueError):
        return None
    return int(file_id) if key is None or key == made_for else None


def kept_photos(tokens: Sequence[str], key: str, actor: Actor) -> list[Kept]:
    """Photos of earlier steps that this form may still use, in their order; one query."""
    wanted = {pk: token for token in tokens[:MOST_PHOTOS] if (pk := file_of(token, key)) is not None}
    found = StoredFile.objects.filter(pk__in=wanted, subject="", actor_ref=actor.ref).in_bulk()
    return [Kept(found[pk], token) for pk, token in wanted.items() if pk in found]
