"""The catalogue, versioned as a whole; a case keeps the item row of the version it was opened under."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CatalogueVersion(models.Model):
    """One edition of the whole catalogue. A published one never changes; there is at most one draft."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("已发布")
        DISCARDED = "discarded", _("已放弃")

    number = models.IntegerField(unique=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    valid_from = models.DateField(null=True)
    published_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    author = models.CharField(max_length=80, blank=True)
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")  # what a draft copied

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "published", "discarded"]), name="catalogue_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(valid_from__isnull=False), name="catalogue_published_has_a_day"
            ),
            models.CheckConstraint(
                condition=~Q(state="published") | Q(published_at__isnull=False), name="catalogue_published_at_a_moment"
            ),
            models.UniqueConstraint(fields=["state"], condition=Q(state="draft"), name="catalogue_one_draft"),
        ]
        indexes = [
            models.Index(fields=["-valid_from", "-number"], condition=Q(state="published"), name="catalogue_published"),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


class Item(models.Model):
    """事项: one kind of matter with its units, times and closing condition.

    ``respond`` and ``close`` hold stages as ``limits.stages_as_json`` writes them; an empty ``allowed_channels`` means
    every channel; ``phrases`` are what staff added to those shipped with the program. ``revision`` counts edits of a
    draft's row, so that nobody overwrites what he has not seen.
    """

    version = models.ForeignKey(CatalogueVersion, on_delete=models.PROTECT, related_name="items")
    code = models.CharField(max_length=8)
    class_code = models.CharField(max_length=4)
    class_zh = models.CharField(max_length=40)
    class_en = models.CharField(max_length=80, blank=True)
    name = models.CharField(max_length=60)
    name_en = models.CharField(max_length=120, blank=True)
    level = models.CharField(max_length=2)
    lead_trade = models.CharField(max_length=32)
    first_trade = models.CharField(max_length=32, blank=True)
    co_trades = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    respond = models.JSONField(default=list)
    close = models.JSONField(default=list)
    conditions = models.CharField(max_length=40)
    needs_photo_min = models.SmallIntegerField(default=0)
    allowed_channels = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    public_visible = models.BooleanField(default=True)
    sensitive = models.BooleanField(default=False)
    self_handle_allowed = models.BooleanField(default=False)
    auto_dispatch = models.BooleanField(default=True)
    emergency_line = models.CharField(max_length=8, blank=True)
    dup_radius_m = models.IntegerField(default=200)
    dup_window_h = models.IntegerField(default=72)
    can_suspend = models.BooleanField(default=True)
    max_extensions = models.SmallIntegerField(default=2)
    law_basis = models.TextField(blank=True)
    source = models.CharField(max_length=8, blank=True)
    source_note = models.TextField(blank=True)
    phrases = ArrayField(models.CharField(max_length=120), default=list, blank=True)
    retired = models.BooleanField(default=False)
    revision = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "code"], name="item_once_a_version"),
            models.CheckConstraint(condition=Q(level__in=["L1", "L2", "L3", "L4", "L5"]), name="item_level_known"),
            models.CheckConstraint(
                condition=Q(needs_photo_min__gte=0)
                & Q(max_extensions__gte=0)
                & Q(dup_radius_m__gte=0)
                & Q(dup_window_h__gte=0),
                name="item_counts_not_negative",
            ),
        ]
        indexes = [models.Index(fields=["code"], name="item_code")]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"
