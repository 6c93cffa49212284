"""Voices: who said what, by which channel, about which case — and what they were told."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from huying.casework.cases.models import Attachment, Case

from .rules import Channel, Told


class Contact(models.Model):
    """How to reach somebody. Name and number are sealed; the number is found by its blind index only."""

    phone_sealed = models.BinaryField(null=True)
    phone_blind = models.BinaryField(null=True, unique=True)
    name_sealed = models.BinaryField(null=True)
    user = models.OneToOneField(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="contact")
    made_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True)


class Report(models.Model):
    """诉求: one voice. ``source`` + ``source_id`` make a retry change nothing.

    ``case`` is the matter it belongs to now, ``first_case`` the one it came in with; they differ after a merge.
    ``part_of`` is the first report of a message of several matters that was taken apart, also for parts of its parts.
    ``tracking_code`` opens it for its reporter; ``mark`` names it in the trace and opens nothing.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    first_case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    part_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="parts", db_index=False)
    source = models.CharField(max_length=40)
    source_id = models.CharField(max_length=120)
    channel = models.CharField(max_length=16)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="reports")
    anonymous = models.BooleanField(default=False)
    hide_identity = models.BooleanField(default=False)
    title = models.CharField(max_length=120, blank=True)
    text = models.TextField()
    place_text = models.CharField(max_length=200, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    said_at = models.DateTimeField()
    received_at = models.DateTimeField()
    taken_by = models.CharField(max_length=40)
    tracking_code = models.CharField(max_length=12, unique=True)
    mark = models.CharField(max_length=16, unique=True)
    score = models.SmallIntegerField(null=True)
    responded = models.BooleanField(null=True)
    solved = models.BooleanField(null=True)
    comment = models.TextField(blank=True)
    rated_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "source_id"], name="report_once"),
            models.CheckConstraint(condition=Q(channel__in=[str(c) for c in Channel]), name="report_channel_known"),
            models.CheckConstraint(condition=Q(score__isnull=True) | Q(score__range=(1, 5)), name="report_score_range"),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="report_by_case"),
            models.Index(fields=["first_case"], name="report_by_first_case"),
            models.Index(F("contact"), F("id").desc(), name="report_by_contact", condition=Q(contact__isnull=False)),
            models.Index(fields=["part_of"], name="report_by_message", condition=Q(part_of__isnull=False)),
        ]


class ReportPhoto(models.Model):
    """Which report a photo of a case came with: only its own reporter is shown it."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="photos")
    attachment = models.OneToOneField(Attachment, on_delete=models.PROTECT, related_name="+")


class Telling(models.Model):
    """告知: what a reporter was told and when; a report's own thread of answers."""

    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="tellings")
    kind = models.CharField(max_length=12)
    body = models.JSONField(default=dict)
    at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    tries = models.SmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=[str(t) for t in Told]), name="telling_kind_known"),
        ]
        indexes = [
            models.Index(fields=["report", "id"], name="telling_by_report"),
            models.Index(fields=["id"], name="telling_to_send", condition=Q(sent_at__isnull=True, tries__lt=5)),
        ]
