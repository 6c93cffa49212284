"""What people speak of together: the hot issues, which message belongs to which, how heat is weighed, and joint plans."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from huying.casework.cases.models import Case
from huying.ground.organisation.models import Unit
from huying.senses.reports.models import Report

FEWEST = 2  # messages that make an issue


class HotIssue(models.Model):
    """热点: messages about one matter at one place. A message alone has a row without name, and is not shown.

    ``official``: of its messages, those residents did not say (see :class:`HotMessage`); ``people``, ``first_at`` and ``last_at``
    are of what residents said, where there is any. Heat is not kept: it is worked out for the period that is asked for.
    ``case`` is the joint case 每月一题; an issue that another took in keeps its row, without messages, as long as it has one.
    """

    name = models.CharField(max_length=120, blank=True)
    place = models.CharField(max_length=80, blank=True)
    messages = models.PositiveIntegerField(default=1)
    people = models.PositiveIntegerField(default=1)
    official = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["last_at"], condition=Q(people__gte=2), name="hot_issue_of_people")]

    @property
    def said(self) -> int:
        """How many of its messages residents said."""
        return self.messages - self.official


class HotMessage(models.Model):
    """One message of an issue. ``features`` is what is compared of it, so that its text is read only once.

    ``person`` tells people apart: the id of the contact, or the negative id of a report without one. ``seconded``: it joined a
    case somebody else had opened (我也遇到了). ``official``: a patrol found it or a department passed it on, which is no voice of a
    resident and only supports the issue. ``area`` is the code of the smallest ground its case is known to be on.
    ``reading`` is the version of the reader that made the features.
    """

    report = models.OneToOneField(Report, on_delete=models.CASCADE, related_name="+")
    issue = models.ForeignKey(HotIssue, on_delete=models.PROTECT, related_name="members", db_index=False)
    features = models.JSONField(default=dict)
    at = models.DateTimeField()
    person = models.BigIntegerField(default=0)
    seconded = models.BooleanField(default=False)
    official = models.BooleanField(default=False)
    area = models.CharField(max_length=17, blank=True, db_collation="C")
    reading = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                F("issue"),
                F("at").desc(),
                F("id").desc(),
                name="hot_message_by_issue",
                include=["person", "seconded", "official", "area"],
            ),
            models.Index(
                fields=["at"], include=["issue", "person", "seconded", "official", "area"], name="hot_message_in_period"
            ),
        ]


class HeatWeights(models.Model):
    """How heat is weighed from a moment on; the latest row holds. The formula is in :mod:`.heat`, as are the limits."""

    messages = models.FloatField()
    likes = models.FloatField()
    growth = models.FloatField()
    recency = models.FloatField()
    span = models.FloatField()
    official = models.FloatField(default=1.0)
    half_life_days = models.FloatField()
    recent_days = models.FloatField()
    source = models.CharField(max_length=200)
    by = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    messages__range=(0, 100),
                    likes__range=(0, 100),
                    growth__range=(0, 100),
                    recency__range=(0, 100),
                    span__range=(0, 100),
                    official__range=(0, 100),
                ),
                name="heat_weights_range",
            ),
            models.CheckConstraint(
                condition=Q(half_life_days__range=(1, 3650), recent_days__range=(1, 3650)), name="heat_days_range"
            ),
        ]
        indexes = [models.Index(F("at").desc(), F("id").desc(), name="heat_weights_latest")]


class JointPlan(models.Model):
    """What a joint case is to reach, who leads it, and how: 每月一题. ``lead_unit`` is who was asked to lead when it was opened.

    ``effect`` is the conclusion somebody wrote at its end; the numbers beside it are worked out.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="+")
    lead_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    goal = models.CharField(max_length=200)
    plan = models.TextField()
    opened_at = models.DateTimeField()
    effect = models.TextField(blank=True)
    effect_at = models.DateTimeField(null=True)


class JointStep(models.Model):
    """A milestone of a joint plan."""

    plan = models.ForeignKey(JointPlan, on_delete=models.CASCADE, related_name="steps")
    number = models.PositiveSmallIntegerField()
    what = models.CharField(max_length=120)
    due = models.DateField()
    done_at = models.DateTimeField(null=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="joint_step_once")]
