"""Devices, the operations they sent, and files that arrive in parts."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

import orjson
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.models import Person
from huying.kernel.files import StoredFile
from huying.kernel.privacy import seal, unseal

from .rules import Cause, Received, State, Step


class Device(models.Model):
    """手机: one phone enrolled by one person. Its token is shown once; only the hash is kept.

    ``next_seq`` is one above the highest number of its operations, ``pulls`` how many pages of changes it asked for,
    ``offset`` how far its clock was behind when it last sent, ``session_key`` the sign-in it last called with, so that revoking
    it ends that as well.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="devices")
    name = models.CharField(_("手机"), max_length=80)
    app = models.CharField(_("应用版本"), max_length=40, blank=True)
    token_hash = models.CharField(max_length=64)
    enrolled_at = models.DateTimeField(_("登记时间"))
    seen_at = models.DateTimeField(_("最近联系"))
    next_seq = models.BigIntegerField(default=1)
    pulls = models.BigIntegerField(default=0)
    offset = models.DurationField(null=True)
    session_key = models.CharField(max_length=40, blank=True, default="", editable=False)
    revoked_at = models.DateTimeField(_("停用时间"), null=True)
    revoked_by = models.CharField(max_length=80, blank=True)
    revoked_why = models.CharField(_("停用原因"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("手机")
        verbose_name_plural = _("手机")
        constraints: ClassVar = [
            models.CheckConstraint(name="device_next_seq", condition=Q(next_seq__gte=1)),
            models.CheckConstraint(
                name="device_revoked_by_somebody", condition=Q(revoked_at__isnull=True) | ~Q(revoked_by="")
            ),
        ]
        indexes: ClassVar = [models.Index(F("seen_at").desc(), F("id").desc(), name="device_by_seen")]

    def __str__(self) -> str:
        return self.name


class Operation(models.Model):
    """操作: one thing somebody did on a phone. ``id`` is the phone's own, so that sending it again changes nothing.

    ``at`` is what the phone's clock said, ``at_true`` the same put right. ``body`` or ``sealed`` holds what it says
    until it is cleared; ``digest`` fingerprints all of it for ever.
    """

    id = models.UUIDField(primary_key=True)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="operations", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    subject = models.UUIDField(null=True)
    base = models.BigIntegerField(null=True)
    branch = models.UUIDField(null=True)
    after = ArrayField(models.UUIDField(), default=list)
    files = ArrayField(models.UUIDField(), default=list)
    at = models.DateTimeField()
    at_true = models.DateTimeField()
    received_at = models.DateTimeField()
    body = models.JSONField(null=True)
    sealed = models.BinaryField(null=True)
    digest = models.BinaryField()
    state = models.CharField(max_length=8, default=str(State.WAITING))
    cause = models.CharField(max_length=8, blank=True, default=str(Cause.QUEUED))
    outcome = models.JSONField(default=dict)
    tries = models.SmallIntegerField(default=0)
    try_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("操作")
        verbose_name_plural = _("操作")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device", "seq"], name="operation_seq_once"),
            models.CheckConstraint(name="operation_state_known", condition=Q(state__in=[str(s) for s in State])),
            models.CheckConstraint(name="operation_cause_known", condition=Q(cause__in=[str(c) for c in Cause])),
            models.CheckConstraint(
                name="operation_waits_for_a_cause",
                condition=Q(state="waiting", try_at__isnull=False, settled_at__isnull=True) & ~Q(cause="")
                | ~Q(state="waiting") & Q(try_at__isnull=True, settled_at__isnull=False, cause=""),
            ),
            models.CheckConstraint(name="operation_one_body", condition=Q(body__isnull=True) | Q(sealed__isnull=True)),
            models.CheckConstraint(name="operation_numbered", condition=Q(seq__gte=1)),
        ]
        indexes: ClassVar = [
            models.Index(fields=["try_at"], name="operation_to_try", condition=Q(state="waiting")),
            models.Index(
                fields=["branch"],
                name="operation_of_branch",
                condition=Q(branch__isnull=False, state__in=["waiting", "refused"]),
            ),
            models.Index(fields=["subject"], name="operation_on_subject", condition=Q(state="waiting", cause="base")),
            models.Index(
                fields=["subject"],
                name="operation_says_of",
                condition=Q(subject__isnull=False) & (Q(body__isnull=False) | Q(sealed__isnull=False)),
            ),
            GinIndex(fields=["after"], name="operation_after", condition=Q(state="waiting", cause="after")),
            GinIndex(fields=["files"], name="operation_files", condition=Q(state="waiting", cause="upload")),
            models.Index(
                F("received_at").desc(),
                F("id").desc(),
                name="operation_unsettled",
                condition=Q(state__in=["waiting", "conflict", "refused"]),
            ),
            models.Index(
                fields=["device", "state"],
                name="operation_of_device",
                condition=Q(state__in=["waiting", "conflict", "refused"]),
            ),
            models.Index(
                fields=["settled_at"],
                name="operation_to_clear",
                condition=Q(settled_at__isnull=False) & (Q(body__isnull=False) | Q(sealed__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def step(self) -> Step:
        """What its order depends on."""
        return Step(self.id, self.device_id, self.seq, self.branch, tuple(self.after), tuple(self.files))

    @property
    def content(self) -> dict[str, Any] | None:
        """What it says, opened; None once it was cleared."""
        if self.sealed is not None:
            opened: dict[str, Any] = orjson.loads(unseal(self.sealed))
            return opened
        return self.body

    def keep(self, body: dict[str, Any], *, private: bool) -> None:
        """Hold what it says, sealed when it is private."""
        if private:
            self.sealed = seal(orjson.dumps(body).decode())
        else:
            self.body = body


class Upload(models.Model):
    """上传: a photo or a sound arriving in parts under the id its phone gave it; once whole, a stored file."""

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    size = models.IntegerField()
    received = models.IntegerField(default=0)
    media_type = models.CharField(max_length=40)
    state = models.CharField(max_length=8, default=str(Received.PARTLY))
    file = models.ForeignKey(StoredFile, null=True, on_delete=models.SET_NULL, related_name="+")
    problem = models.JSONField(null=True)
    begun_at = models.DateTimeField()
    moved_at = models.DateTimeField()

    class Meta:
        verbose_name = _("上传")
        verbose_name_plural = _("上传")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="upload_size", condition=Q(size__gt=0, received__gte=0, received__lte=F("size"))
            ),
            models.CheckConstraint(name="upload_state_known", condition=Q(state__in=[str(s) for s in Received])),
        ]
        indexes: ClassVar = [
            models.Index(fields=["moved_at"], name="upload_by_moved"),
            models.Index(fields=["person"], name="upload_unfinished", condition=Q(state="partly")),
        ]

    def __str__(self) -> str:
        return str(self.id)
