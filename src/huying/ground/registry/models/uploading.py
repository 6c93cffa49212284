"""Tables handed in on a page, until they are imported."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.models import Person

from ..fields import KINDS


class Upload(models.Model):
    """One file, what was found in it, and how its import stands.

    ``content`` is sealed; it goes when the import is done, the file is put away, or nobody began within the time of
    ``looking.UNBEGUN_KEPT``, and with it ``name``, ``header`` and ``mapping``, which may name people; the row itself goes
    ``looking.ENDED_KEPT`` later. ``header`` is [[title, how many cells are filled], …]; ``mapping`` is field → title as somebody
    chose; ``said`` is what the import came to, ``error`` the code of what stopped it. ``run_key`` names this upload's run with
    the mapping it began with, "" before. ``person`` handed it in; it is imported with what ``begun_by`` may do.
    """

    class State(models.TextChoices):
        LOOKED = "looked", _("等您开始")
        WAITING = "waiting", _("排队中")
        RUNNING = "running", _("正在导入")
        DONE = "done", _("已导入")
        FAILED = "failed", _("没有做完")
        DROPPED = "dropped", _("已放弃")

    uid = models.UUIDField(unique=True)
    kind = models.CharField(max_length=12)
    name = models.CharField(max_length=200, blank=True)
    suffix = models.CharField(max_length=5)
    bytes = models.PositiveIntegerField()
    rows = models.PositiveIntegerField()
    header = models.JSONField()
    mapping = models.JSONField(default=dict)
    area = models.CharField(max_length=17, blank=True, db_collation="C")
    run_key = models.CharField(max_length=64, blank=True)
    content = models.BinaryField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.LOOKED)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    begun_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    said = models.JSONField(default=dict)
    error = models.CharField(max_length=40, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["state", "at"], name="registry_upload_state")]
        constraints: ClassVar = [
            models.CheckConstraint(name="registry_upload_kind_known", condition=Q(kind__in=KINDS)),
            models.CheckConstraint(
                name="registry_upload_forgotten",
                condition=Q(content__isnull=True, name="") | ~Q(state__in=["done", "dropped"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.state}"

    @property
    def titles(self) -> list[str]:
        """The headers, in order."""
        return [title for title, _filled in self.header]

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def can_begin(self) -> bool:
        return self.state in (self.State.LOOKED, self.State.FAILED)
