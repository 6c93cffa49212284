"""Stored files: what is known about a photo or document whose bytes lie, named by their hash, in the data directory."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class StoredFile(models.Model):
    """One cleaned file. ``sha256`` names the stored bytes; the same bytes are stored once and may have many rows.

    Position and time come from the photo's EXIF, which is then removed from the file. ``subject`` says what the file
    belongs to, such as ``"case:12"``, and decides who may see it.
    """

    class Kind(models.TextChoices):
        IMAGE = "image", _("图片")
        DOCUMENT = "document", _("文档")
        SOUND = "sound", _("录音")

    id = models.BigAutoField(primary_key=True)
    sha256 = models.CharField(_("指纹"), max_length=64)
    kind = models.CharField(_("种类"), max_length=10, choices=Kind.choices)
    media_type = models.CharField(_("类型"), max_length=40)
    name = models.CharField(_("原文件名"), max_length=120, default="")
    width = models.IntegerField(_("宽"), null=True)
    height = models.IntegerField(_("高"), null=True)
    bytes = models.BigIntegerField(_("字节数"))
    captured_lon = models.FloatField(_("拍摄经度"), null=True)
    captured_lat = models.FloatField(_("拍摄纬度"), null=True)
    captured_at = models.DateTimeField(_("拍摄时间"), null=True)
    at = models.DateTimeField(_("上传时间"))
    actor_ref = models.CharField(_("上传者"), max_length=80)
    subject = models.CharField(_("所属对象"), max_length=80, default="")

    class Meta:
        verbose_name = _("文件")
        verbose_name_plural = _("文件")
        indexes: ClassVar = [
            models.Index(fields=["sha256"], name="kernel_file_sha256"),
            models.Index(fields=["subject"], name="kernel_file_subject", condition=~Q(subject="")),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="kernel_file_sha256_hex"),
            models.CheckConstraint(condition=Q(bytes__gt=0), name="kernel_file_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.sha256[:12]}"

    @property
    def url(self) -> str:
        """Address of the file; it changes with the content."""
        return reverse("file", args=[self.pk, self.sha256[:16]])

    @property
    def thumbnail_url(self) -> str:
        """Address of the thumbnail; empty for what is no image."""
        return reverse("file-thumbnail", args=[self.pk, self.sha256[:16]]) if self.kind == self.Kind.IMAGE else ""


class ErasedBytes(models.Model):
    """抹去的内容: bytes whose rows were erased, written down together with that, until they are gone from the disk as well.

    The same bytes may stand here more than once, so that nobody who erases waits for anybody else.
    """

    id = models.BigAutoField(primary_key=True)
    sha256 = models.CharField(_("指纹"), max_length=64)

    class Meta:
        verbose_name = _("待抹去的文件内容")
        verbose_name_plural = _("待抹去的文件内容")

    def __str__(self) -> str:
        return self.sha256[:12]
