"""Forms, their versions, what was submitted, and what a submission said before it was amended."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from huying.kernel.models import StoredFile
from huying.kernel.privacy import SealedTextField

from .vocabulary import KINDS, POSTS, SUBJECTS


def _check(condition: Q, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=condition, name=name)


class Form(models.Model):
    """A form by its code. ``current`` is the version phones fill in now; a retired form is filled in no more."""

    code = models.CharField(_("编码"), max_length=40, unique=True)
    post = models.CharField(_("岗位"), max_length=12)
    kind = models.CharField(_("种类"), max_length=12)
    subject = models.CharField(_("对象"), max_length=12)
    current = models.ForeignKey("FormVersion", null=True, on_delete=models.PROTECT, related_name="+")
    retired_at = models.DateTimeField(_("停用时间"), null=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)

    class Meta:
        verbose_name = _("表单")
        constraints = [
            _check(Q(post__in=list(POSTS)), "form_post_known"),
            _check(Q(kind__in=list(KINDS)), "form_kind_known"),
            _check(Q(subject__in=list(SUBJECTS)), "form_subject_known"),
        ]

    def __str__(self) -> str:
        return self.code


class FormVersion(models.Model):
    """One version of a form. Once published it never changes (a trigger holds that); its file is kept as it came."""

    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="versions")
    number = models.IntegerField(_("序号"))
    version = models.CharField(_("版本"), max_length=20)
    definition = models.JSONField()
    source = models.BinaryField()
    source_name = models.CharField(max_length=120, blank=True)
    imported_at = models.DateTimeField(_("导入时间"))
    imported_by = models.CharField(max_length=80)
    imported_by_name = models.CharField(max_length=80)
    published_at = models.DateTimeField(_("发布时间"), null=True)
    published_by = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("表单版本")
        constraints = [
            models.UniqueConstraint(fields=["form", "version"], name="form_version_once"),
            models.UniqueConstraint(fields=["form", "number"], name="form_number_once"),
            _check(Q(number__gte=1), "form_number_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.form_id} {self.version}"


class Submission(models.Model):
    """What somebody answered. ``uid`` is the id of the phone's operation. Personal answers lie sealed in ``private``.

    ``answers`` are nested by groups and repeats; ``private`` is JSON by instance path (``members/0/name``).
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("已收到")
        AMENDED = "amended", _("已更正")
        ERASED = "erased", _("已按规定删除")

    uid = models.UUIDField(unique=True, editable=False)
    version = models.ForeignKey(FormVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject_kind = models.CharField(max_length=12, blank=True)
    subject_uid = models.UUIDField(null=True)
    task_uid = models.UUIDField(null=True)
    area = models.CharField(_("区域"), max_length=17, blank=True)
    answers = models.JSONField()
    private = SealedTextField(null=True)
    findings = models.JSONField(default=list)
    by = models.CharField(max_length=80)
    by_name = models.CharField(_("填报人"), max_length=80)
    begun_at = models.DateTimeField(_("开始时间"))
    ended_at = models.DateTimeField(_("完成时间"))
    received_at = models.DateTimeField(_("收到时间"))
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    accuracy = models.FloatField(null=True)
    state = models.CharField(_("状态"), max_length=10, choices=State.choices, default=State.RECEIVED)

    class Meta:
        verbose_name = _("填报")
        constraints = [
            _check(Q(state__in=["received", "amended", "erased"]), "submission_state_known"),
            _check(Q(subject_kind__in=["", *SUBJECTS]), "submission_subject_known"),
            _check(Q(begun_at__lte=F("ended_at")), "submission_begins_first"),
            _check(
                Q(lon__isnull=True, lat__isnull=True) | Q(lon__isnull=False, lat__isnull=False),
                "submission_point_whole",
            ),
        ]
        indexes = [
            models.Index(F("form"), F("id").desc(), name="submission_by_form"),
            models.Index(F("area"), F("id").desc(), name="submission_by_area"),
            models.Index(F("by"), F("id").desc(), name="submission_by_author"),
            models.Index(fields=["received_at"], name="submission_by_arrival"),
            models.Index(fields=["received_at", "id"], name="submission_sealed", condition=Q(private__isnull=False)),
            models.Index(F("id").desc(), name="submission_amended", condition=Q(state="amended")),
            models.Index(
                F("subject_uid"), F("id").desc(), name="submission_by_subject", condition=Q(subject_uid__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"submission {self.uid}"


class SubmissionRevision(models.Model):
    """What a submission said until it was amended: who amended it, when and why. Never changed;
    erasing the person it is about empties it. Where ``private`` is sealed, its submission's is as well, be it an empty one."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="revisions")
    answers = models.JSONField()
    private = SealedTextField(null=True)
    findings = models.JSONField(default=list)
    amended_at = models.DateTimeField()
    amended_by = models.CharField(max_length=80)
    amended_by_name = models.CharField(max_length=80)
    reason = models.TextField(_("理由"))
    op = models.UUIDField(null=True, editable=False)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["op"], name="submission_revision_once", condition=Q(op__isnull=False))
        ]


class SubmissionFile(models.Model):
    """A photo, signature or recording of a submission, by the upload id that stands in its answers."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="files")
    upload = models.UUIDField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submission", "upload"], name="submission_file_once")]
