"""What residents may agree to. A purpose is kept by its Chinese words; rooms above add those they ask consent for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_OFFERED: dict[str, StrOrPromise] = {
    "走访看望": _("走访看望"),
    "活动通知": _("活动通知"),
}


def offer(purpose: str, label: StrOrPromise) -> None:
    """Let staff write down consent to this purpose. ``purpose`` is what is kept, ``label`` what is shown."""
    _OFFERED[purpose] = label


def offered() -> list[tuple[str, StrOrPromise]]:
    """(purpose, words) of everything staff may write down."""
    return list(_OFFERED.items())


def purpose_words(purpose: str) -> str:
    """A purpose in the reader's language; one nobody offers any more as it was written."""
    return str(_OFFERED.get(purpose, purpose))
