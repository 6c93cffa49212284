"""Passwords: the rule of `rules.password_faults` as a Django validator, in words; and passwords made for others."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from .models import User
from .rules import password_faults

_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"


def new_password() -> str:
    """Sixteen characters without look-alikes, of three kinds."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4)) + "-7aZ"


class StrongEnough:
    """Long enough, of several kinds of characters, not one character over and over."""

    def validate(self, password: str, user: User | None = None) -> None:
        words = {
            "short": _("密码至少要 %(least)d 位。") % {"least": settings.HUYING_PASSWORD_LEAST},
            "one_kind": _("请混合使用大写字母、小写字母、数字、符号中的三种；16 位以上两种即可。"),
            "repeats": _("密码里不同的字符太少。"),
        }
        if faults := password_faults(password, least=settings.HUYING_PASSWORD_LEAST):
            raise ValidationError([ValidationError(words[fault], code=fault) for fault in faults])

    def get_help_text(self) -> str:
        return _("至少 %(least)d 位，混合大写、小写、数字、符号中的三种；也可以用 16 位以上的一句话。") % {
            "least": settings.HUYING_PASSWORD_LEAST
        }
