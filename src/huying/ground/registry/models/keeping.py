"""What is done with records: history, proposals, answers to retries, look-alikes, consent, rights, imports."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from huying.ground.registry.fields import KINDS
from huying.kernel.privacy import SealedTextField

from .records import Resident


def _kind(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(name=name, condition=Q(kind__in=list(KINDS)))


class Change(models.Model):
    """One step in the history of a record, append-only. ``plain`` and ``private`` hold {field: [old, new]}.

    Erasing a resident empties the two and nothing else; a trigger sees to that.
    """

    class Verb(models.TextChoices):
        BORN = "born", _("登记")
        CHANGED = "changed", _("变更")
        ENDED = "ended", _("注销")
        RETURNED = "returned", _("恢复")
        MERGED = "merged", pgettext_lazy("history", "合并")
        SPLIT = "split", pgettext_lazy("history", "撤销合并")
        ERASED = "erased", pgettext_lazy("history", "删除")

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=12)
    subject = models.UUIDField()
    version = models.PositiveIntegerField()
    base = models.PositiveIntegerField(default=0)
    verb = models.CharField(max_length=8, choices=Verb)
    fields = ArrayField(models.CharField(max_length=40), default=list)
    plain = models.JSONField(default=dict)
    private = SealedTextField(null=True)
    author = models.CharField(max_length=80)
    author_name = models.CharField(max_length=80)
    at = models.DateTimeField()
    source = models.CharField(max_length=20)
    op = models.UUIDField(null=True)
    branch = models.UUIDField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "subject", "version"], name="registry_change_version_once"),
            models.UniqueConstraint(fields=["op"], name="registry_change_op_once", condition=Q(op__isnull=False)),
            _kind("registry_change_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} v{self.version}"


class Proposal(models.Model):
    """Changes that wait for a person: for a decision, or because two people said different things (conflict).

    ``values`` is sealed JSON: {field: {"base": …, "theirs": …, "mine": …}}; ``base`` 0 and no record means a birth.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("待审核")
        CONFLICT = "conflict", _("有冲突")
        ACCEPTED = "accepted", _("已采纳")
        DECLINED = "declined", _("未采纳")

    kind = models.CharField(max_length=12)
    subject = models.UUIDField()
    area = models.CharField(max_length=17, blank=True, db_collation="C")
    base = models.PositiveIntegerField()
    state = models.CharField(max_length=8, choices=State)
    fields = ArrayField(models.CharField(max_length=40))
    values = SealedTextField(null=True)
    why = models.CharField(max_length=40)
    author = models.CharField(max_length=80)
    author_name = models.CharField(max_length=80)
    at = models.DateTimeField()
    source = models.CharField(max_length=20)
    op = models.UUIDField(null=True)
    taken = ArrayField(models.CharField(max_length=40), default=list)
    decided_by = models.CharField(max_length=80, blank=True)
    decided_name = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            _kind("registry_proposal_kind_known"),
            models.CheckConstraint(
                name="registry_proposal_decided",
                condition=Q(state__in=["waiting", "conflict"], decided_at__isnull=True)
                | Q(state__in=["accepted", "declined"], decided_at__isnull=False),
            ),
            models.CheckConstraint(
                name="registry_proposal_two_people", condition=Q(decided_by="") | ~Q(decided_by=F("author"))
            ),
            models.UniqueConstraint(
                fields=["op", "state"],
                name="registry_proposal_op_once",
                condition=Q(op__isnull=False, decided_at__isnull=True),
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["area", "id"], name="registry_proposal_open", condition=Q(state__in=["waiting", "conflict"])
            ),
            models.Index(fields=["kind", "subject"], name="registry_proposal_subject"),
            models.Index(fields=["author", "-id"], name="registry_proposal_author"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject} {self.state}"


class Receipt(models.Model):
    """What was answered to one operation, so that sending it again changes nothing and is answered the same."""

    op = models.UUIDField(primary_key=True)
    kind = models.CharField(max_length=12)
    subject = models.UUIDField()
    state = models.CharField(max_length=8)
    version = models.PositiveIntegerField()
    proposal = models.ForeignKey(Proposal, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()


class Likeness(models.Model):
    """Two records that may be the same thing. ``one`` is always the smaller uid."""

    class State(models.TextChoices):
        OPEN = "open", _("待核实")
        MERGED = "merged", _("已合并")
        DIFFERENT = "different", _("不是同一个")

    kind = models.CharField(max_length=12)
    one = models.UUIDField()
    other = models.UUIDField()
    area = models.CharField(max_length=17, blank=True, db_collation="C")
    reasons = ArrayField(models.CharField(max_length=20))
    state = models.CharField(max_length=9, choices=State, default=State.OPEN)
    found_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "one", "other"], name="registry_likeness_once"),
            models.CheckConstraint(name="registry_likeness_ordered", condition=Q(one__lt=F("other"))),
            _kind("registry_likeness_kind_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["area", "id"], name="registry_likeness_open", condition=Q(state="open")),
        ]


class Consent(models.Model):
    """A resident agreed to one purpose, and may withdraw as easily (PIPL art. 14–16)."""

    class How(models.TextChoices):
        PAPER = "paper", _("纸质签字")
        PORTAL = "portal", _("本人在线确认")
        SPOKEN = "spoken", _("口头（两人见证）")

    resident = models.ForeignKey(Resident, on_delete=models.PROTECT, related_name="consents")
    purpose = models.CharField(max_length=120)
    notice = models.CharField(max_length=40)
    how = models.CharField(max_length=6, choices=How)
    guardian = models.BooleanField(default=False)
    given_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=80)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=80, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                name="registry_consent_withdrawn_later",
                condition=Q(withdrawn_at__isnull=True) | Q(withdrawn_at__gte=F("given_at")),
            ),
            models.UniqueConstraint(
                fields=["resident", "purpose"], name="registry_consent_once", condition=Q(withdrawn_at__isnull=True)
            ),
        ]


class RightsRequest(models.Model):
    """A resident asks for correction, erasure or a copy (PIPL art. 45–47); answered within 30 days."""

    class Kind(models.TextChoices):
        CORRECTION = "correction", _("更正")
        ERASURE = "erasure", _("删除")
        COPY = "copy", _("查阅复制")

    class State(models.TextChoices):
        OPEN = "open", _("待答复")
        GRANTED = "granted", _("已办理")
        REFUSED = "refused", _("不予办理")

    resident = models.ForeignKey(Resident, null=True, on_delete=models.PROTECT, related_name="rights_requests")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    area = models.CharField(max_length=17, blank=True, db_collation="C")
    asked_by = models.CharField(max_length=80)
    text = SealedTextField(null=True)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    answer = SealedTextField(null=True)
    answered_by = models.CharField(max_length=80, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(name="registry_rights_due_later", condition=Q(due_at__gt=F("asked_at"))),
            models.CheckConstraint(
                name="registry_rights_answered",
                condition=Q(state="open", answered_at__isnull=True)
                | Q(state__in=["granted", "refused"], answered_at__isnull=False, answer__isnull=False),
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at", "id"], name="registry_rights_open", condition=Q(state="open")),
            models.Index(fields=["asked_by", "-id"], name="registry_rights_asked_by"),
        ]


class ImportRun(models.Model):
    """How far the import of one file of one kind has come; a run that was killed goes on from ``next_row``."""

    kind = models.CharField(max_length=12)
    file_sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=200)
    next_row = models.IntegerField(default=1)
    born = models.IntegerField(default=0)
    changed_rows = models.IntegerField(default=0)
    same = models.IntegerField(default=0)
    waiting = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "file_sha256"], name="registry_import_once"),
            _kind("registry_import_kind_known"),
        ]


class Reject(models.Model):
    """A row that could not be taken, and why. ``row`` counts from 1 as a spreadsheet shows it."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rejects")
    row = models.IntegerField()
    reason = models.CharField(max_length=24)
    field = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering: ClassVar = ["row"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["run", "row"], name="registry_reject_once")]
