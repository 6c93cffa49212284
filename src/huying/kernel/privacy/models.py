"""The access log: who looked at whose personal data, when and why. Append-only by trigger (migration 0003)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huying.kernel.privacy.sealing import seal, unseal


class AccessEntry(models.Model):
    """One look at one subject. ``subject`` is a pseudonymous reference such as ``"case:12"`` or ``"person:7"``."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("时间"))
    actor_ref = models.CharField(_("查看者编号"), max_length=80)
    actor_name = models.CharField(_("查看者"), max_length=80)
    actor_unit = models.BigIntegerField(_("查看者单位"), null=True)
    subject = models.CharField(_("被查看对象"), max_length=80)
    why = models.CharField(_("查看事由"), max_length=200)
    what = ArrayField(models.CharField(max_length=60), verbose_name=pgettext_lazy("log", "查看内容"))

    class Meta:
        verbose_name = _("个人信息查看记录")
        verbose_name_plural = _("个人信息查看记录")
        indexes: ClassVar = [
            models.Index(fields=["subject", "-id"], name="kernel_access_subject"),
            models.Index(fields=["actor_ref", "-id"], name="kernel_access_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_ref} → {self.subject}"


if TYPE_CHECKING:
    _Stored = models.BinaryField[str | None, str | None]
else:
    _Stored = models.BinaryField


class SealedTextField(_Stored):
    """A text that is sealed in the database and plain in Python. It cannot be searched; pair it with ``blind``."""

    description = "sealed text"

    def from_db_value(self, value: Any, expression: object, connection: object) -> str | None:
        return None if value is None else unseal(value)

    def get_prep_value(self, value: Any) -> Any:
        return seal(value) if isinstance(value, str) else super().get_prep_value(value)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj))

    def to_python(self, value: Any) -> Any:
        return value
