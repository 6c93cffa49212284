"""What followed from corrections of filled forms, and corrections a person has to decide on."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from huying.kernel.privacy import SealedTextField

from .guards import known


class Consequence(models.Model):
    """更正带来的变化: what followed here from one correction of a submission. Never changed.

    ``effects``: each {what (``words.EFFECTS``), label, case, number, field}; no answer is told, only what became of it.
    """

    submission = models.UUIDField()
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    effects = models.JSONField(default=list)

    class Meta:
        verbose_name = _("更正带来的变化")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["submission", "number"], name="consequence_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="consequence_from_one"),
        ]


class Dispute(models.Model):
    """分歧: a correction made on a phone to answers that somebody else had corrected meanwhile to other values.

    Both stand until a person decides. ``change`` is sealed JSON {changes, seen} by instance path; ``paths`` are those in
    dispute, all others were corrected at once. ``files``: upload → stored file of its new pictures. ``op`` is the phone's.
    """

    class State(models.TextChoices):
        OPEN = "open", _("等人定")
        TAKEN = "taken", _("已采用")
        LEFT = "left", _("没有采用")
        WITHDRAWN = "withdrawn", _("本人放弃")

    op = models.UUIDField(unique=True)
    submission = models.UUIDField()
    area = models.CharField(max_length=17, blank=True, db_collation="C")
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80)
    reason = models.TextField()
    change = SealedTextField()
    paths = ArrayField(models.TextField())
    files = models.JSONField(default=dict)
    at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    decided_by = models.CharField(max_length=80, blank=True)
    decided_by_name = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)
    words = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = _("有分歧的更正")
        constraints: ClassVar = [
            known("state", ("open", "taken", "left", "withdrawn"), "dispute_state_known"),
            models.CheckConstraint(
                condition=Q(state="open") ^ Q(decided_at__isnull=False), name="dispute_decided_moment"
            ),
            models.CheckConstraint(condition=~Q(paths=[]), name="dispute_about_something"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["submission"], name="dispute_by_submission"),
            models.Index(fields=["area", "id"], name="dispute_open", condition=Q(state="open")),
        ]
