"""What people speak of together: the hot issues, and which message belongs to which."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from huying.casework.cases.models import Case
from huying.senses.reports.models import Report

FEWEST = 2  # messages that make an issue


class HotIssue(models.Model):
    """热点: messages about one matter at one place. A message alone has a row without name and heat, and is not shown.

    ``parts`` are the points the heat is the sum of. ``quiet``: nobody spoke of it for a while, or another took it in; it
    is kept for its joint case. ``case`` is the joint case 每月一题.
    """

    name = models.CharField(max_length=120, blank=True)
    place = models.CharField(max_length=80, blank=True)
    heat = models.FloatField(default=0.0)
    parts = models.JSONField(default=dict)
    messages = models.PositiveIntegerField(default=1)
    people = models.PositiveIntegerField(default=1)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+")
    quiet = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(
                F("heat").desc(), F("id"), name="hot_issue_ranked", condition=Q(messages__gte=FEWEST, quiet=False)
            ),
            models.Index(fields=["last_at"], name="hot_issue_by_last"),
        ]


class HotMessage(models.Model):
    """One message of an issue. ``features`` is what is compared of it, so that its text is read only once."""

    report = models.OneToOneField(Report, on_delete=models.CASCADE, related_name="+")
    issue = models.ForeignKey(HotIssue, on_delete=models.PROTECT, related_name="members", db_index=False)
    features = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(F("issue"), F("at").desc(), F("id").desc(), name="hot_message_by_issue"),
            models.Index(fields=["at"], name="hot_message_by_at"),
        ]
