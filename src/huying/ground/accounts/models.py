"""Accounts: who may sign in, the codes sent to phones, and the record of sign-ins.

An account is only a key to the door. What somebody may see or do comes from appointments in `ground.organisation`.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from huying.kernel import privacy

from . import rules


class UserManager(BaseUserManager["User"]):
    """Makes accounts without saving more than is needed; writes with an author are in `actions.py`."""

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=(username or "").strip().lower())

    def staff(self) -> models.QuerySet[User]:
        return self.filter(kind=User.Kind.STAFF)

    def residents(self) -> models.QuerySet[User]:
        return self.filter(kind=User.Kind.RESIDENT)

    def with_phone(self, phone: str, *, kind: str) -> models.QuerySet[User]:
        """Accounts of a kind holding this phone number, found through the blind index (also under earlier secrets)."""
        return self.filter(kind=kind, phone_blind__in=privacy.blind_candidates(rules.normal_phone(phone)))


class User(AbstractBaseUser):
    """One person's key to the door: staff sign in with a password and a second factor, residents with a phone code."""

    class Kind(models.TextChoices):
        STAFF = "staff", _("工作人员")
        RESIDENT = "resident", _("居民")

    kind = models.CharField(_("类别"), max_length=8, choices=Kind.choices)
    username = models.CharField(_("用户名"), max_length=64, unique=True, null=True, blank=True)
    phone_sealed = models.BinaryField(null=True, editable=False)
    phone_blind = models.BinaryField(max_length=64, null=True, editable=False)
    name = models.CharField(_("姓名"), max_length=64, blank=True)
    language = models.CharField(
        _("语言"), max_length=8, choices=[("zh-hans", "中文"), ("en", "English")], default="zh-hans"
    )
    elder_mode = models.BooleanField(_("长辈版"), default=False)
    must_change_password = models.BooleanField(_("须更换密码"), default=False)
    password_changed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    disabled_at = models.DateTimeField(_("停用时间"), null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = ""
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("账号")
        verbose_name_plural = _("账号")
        constraints = [
            models.CheckConstraint(name="user_kind_known", condition=Q(kind__in=["staff", "resident"])),
            models.CheckConstraint(
                name="user_staff_has_username",
                condition=~Q(kind="staff") | Q(username__isnull=False),
            ),
            models.CheckConstraint(
                name="user_phone_sealed_with_blind",
                condition=Q(phone_sealed__isnull=True, phone_blind__isnull=True)
                | Q(phone_sealed__isnull=False, phone_blind__isnull=False),
            ),
            models.UniqueConstraint(
                name="user_phone_once_per_kind",
                fields=["kind", "phone_blind"],
                condition=Q(phone_blind__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.username or f"#{self.pk}"

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        return self.disabled_at is None

    @property
    def is_staff(self) -> bool:
        return self.kind == self.Kind.STAFF

    @property
    def phone(self) -> str:
        """The number in clear; empty when none. Read it only to send something; screens show `phone_masked`."""
        return privacy.unseal(bytes(self.phone_sealed)) if self.phone_sealed else ""

    @phone.setter
    def phone(self, value: str) -> None:
        number = rules.normal_phone(value) if value else ""
        self.phone_sealed = privacy.seal(number) if number else None
        self.phone_blind = privacy.blind(number) if number else None

    @property
    def phone_masked(self) -> str:
        return privacy.mask_phone(self.phone) if self.phone_sealed else ""

    def get_full_name(self) -> str:
        return str(self)

    def set_password(self, raw_password: str | None) -> None:
        super().set_password(raw_password)
        self.password_changed_at = timezone.now()

    def clean(self) -> None:
        if self.username:
            self.username = self.username.strip().lower()


class PhoneCode(models.Model):
    """A six-digit code sent to a phone. Only its keyed hash is kept; it dies of age, of use or of five wrong tries."""

    phone_blind = models.BinaryField(max_length=64)
    address = models.GenericIPAddressField(null=True)
    code_hash = models.CharField(max_length=128)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("手机验证码")
        constraints = [
            models.CheckConstraint(name="phonecode_expires_later", condition=Q(expires_at__gt=F("sent_at"))),
        ]
        indexes = [
            models.Index(name="phonecode_phone", fields=["phone_blind", "-sent_at"]),
            models.Index(name="phonecode_address", fields=["address", "-sent_at"]),
        ]


class SignIn(models.Model):
    """The record of sign-ins and refusals, kept at least six months (Cybersecurity Law, article 21)."""

    class Outcome(models.TextChoices):
        OK = "ok", _("成功")
        REFUSED = "refused", _("被拒绝")
        LOCKED = "locked", _("已锁定")
        OUT = "out", _("退出")
        IDLE = "idle", _("闲置退出")

    user = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="sign_ins")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    method = models.CharField(max_length=16, blank=True)
    address = models.GenericIPAddressField(null=True)
    agent = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("登录记录")
        indexes = [models.Index(name="signin_user_at", fields=["user", "-at"])]
