"""What every record of the registry has: a version, a state, freshness, plain details and sealed private values."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID, uuid4

import orjson
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from huying.ground.registry.fields import FIELDS, Field
from huying.kernel.privacy import SealedTextField
from huying.kernel.replicas import Replicated


class State(models.TextChoices):
    ACTIVE = "active", _("在册")
    ENDED = "ended", _("已注销")
    MERGED = "merged", _("已合并")


class Record(Replicated):
    """One record. ``area`` is the code of the grid (or the smallest known area) it lies in; ``checked_at`` says when
    somebody last saw that it is still so; ``private`` is one sealed JSON text of every private field."""

    KIND: ClassVar[str]
    merged_into_id: UUID | None

    uid = models.UUIDField(unique=True, editable=False, default=uuid4)
    area = models.CharField(max_length=17, blank=True, db_collation="C")
    version = models.PositiveIntegerField(default=1)
    state = models.CharField(max_length=8, choices=State, default=State.ACTIVE)
    merged_into = models.ForeignKey(
        "self", to_field="uid", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    ending = models.CharField(max_length=12, blank=True, default="")
    ended_on = models.DateField(null=True)
    checked_at = models.DateTimeField()
    checked_by = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()
    details = models.JSONField(default=dict)
    private = SealedTextField(null=True)

    class Meta:
        abstract = True
        constraints: ClassVar = [
            models.CheckConstraint(name="registry_%(class)s_version", condition=Q(version__gte=1)),
            models.CheckConstraint(name="registry_%(class)s_state", condition=Q(state__in=State.values)),
            models.CheckConstraint(
                name="registry_%(class)s_merged",
                condition=Q(state="merged", merged_into__isnull=False) & ~Q(merged_into=F("uid"))
                | ~Q(state="merged") & Q(merged_into__isnull=True),
            ),
            models.CheckConstraint(
                name="registry_%(class)s_area",
                condition=Q(area__regex=r"^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12}|\d{15}|\d{17})?$"),
            ),
        ]
        indexes: ClassVar = [
            # Lists go by area; when a record was looked at is judged in the index: neighbours are looked at on one day.
            models.Index(fields=["area", "id", "checked_at"], name="registry_%(class)s_by_area"),
            models.Index(fields=["checked_at"], name="registry_%(class)s_looked"),
        ]

    def __str__(self) -> str:
        return f"{self.KIND} {self.uid}"

    @property
    def secrets(self) -> dict[str, Any]:
        """The private values, opened. Only the door (access.door) and the package's own writes may show them."""
        opened: dict[str, Any] = orjson.loads(self.private) if self.private else {}
        return opened

    def value(self, name: str) -> Any:
        """What a field holds, as plain as it is exchanged: uids as text, dates in ISO form."""
        field = FIELDS[self.KIND][name]
        if field.kept == "private":
            return self.secrets.get(name, field.empty)
        if field.kept == "details":
            return self.details.get(name, field.empty)
        held = getattr(self, f"{name}_id" if field.type == "ref" else name)
        return plain(field, held)

    def values(self) -> dict[str, Any]:
        """Every field, as ``value``; the private ones are opened once."""
        secrets = self.secrets
        return {
            name: secrets.get(name, field.empty) if field.kept == "private" else self.value(name)
            for name, field in FIELDS[self.KIND].items()
        }


def plain(field: Field, held: Any) -> Any:
    """A column's value as it is exchanged."""
    if held is None or held == "":
        return field.empty
    if field.type == "date":
        return held if isinstance(held, str) else held.isoformat()
    if field.type == "ref":
        return held if field.to == "staff" else str(held)
    return float(held) if field.type == "decimal" else held
