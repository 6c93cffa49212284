"""Tables of the closed loop: the case, who must do what, and every request, check and answer about it."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q, Value

from huying.casework.catalogue.models import Item
from huying.ground.organisation.models import Person, Unit
from huying.kernel.models import StoredFile

from .rules import MAX_RETURNS, OPEN_STATES, State

_OPEN = [str(state) for state in sorted(OPEN_STATES)]


def _check(condition: Q, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=condition, name=name)


class Case(models.Model):
    """事件: one matter to be solved, at one place, of one kind.

    ``grid`` … ``county`` are the codes of the ground the case was opened in; they never change when grids are
    redrawn. ``due_at`` and ``light`` are copies of the running clock, moved by the clocks room only.
    """

    number = models.CharField(max_length=24, unique=True)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    item_code = models.CharField(max_length=8)
    class_code = models.CharField(max_length=4)
    title = models.CharField(max_length=80)
    summary = models.TextField(blank=True)
    place_text = models.CharField(max_length=200, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    grid = models.CharField(max_length=17, blank=True)
    community = models.CharField(max_length=12, blank=True)
    town = models.CharField(max_length=9, blank=True)
    county = models.CharField(max_length=6, blank=True)
    channel = models.CharField(max_length=16)
    state = models.CharField(max_length=12, default=State.PENDING)
    open = models.GeneratedField(
        expression=models.Case(models.When(state__in=_OPEN, then=Value(True)), default=Value(False)),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    urgent = models.BooleanField(default=False)
    recurs = models.PositiveSmallIntegerField(
        default=0, db_default=0
    )  # times the same came back here after it was closed
    opened_at = models.DateTimeField()
    lead_unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    lead_person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    first_asked_unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    escalated_level = models.SmallIntegerField(default=0)
    returns = models.SmallIntegerField(default=0)
    locked = models.BooleanField(default=False)
    redos = models.SmallIntegerField(default=0)
    extensions = models.SmallIntegerField(default=0)
    reports = models.IntegerField(default=1)
    due_at = models.DateTimeField(null=True)
    light = models.CharField(max_length=6, blank=True)
    suspended_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_late = models.BooleanField(null=True)
    archived_at = models.DateTimeField(null=True)
    rating = models.SmallIntegerField(null=True)
    solved = models.BooleanField(null=True)
    subjects = ArrayField(models.CharField(max_length=80), null=True)  # marks of what it is about, see subjects
    merged_into = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="merged")
    version = models.IntegerField(default=1)
    confidence = models.FloatField(null=True)
    proposals = models.JSONField(default=list)
    terms = SearchVectorField(null=True)

    standing: Any = None  # what the reader of one page is to this case; see access.Standing
    about: tuple[str, ...] = ()  # on its page: the marks of its own subjects and of the cases merged into it

    class Meta:
        constraints = [
            _check(Q(state__in=[str(s) for s in State]), "case_state_known"),
            _check(Q(light__in=["", "blue", "yellow", "red", "black"]), "case_light_known"),
            _check(Q(returns__gte=0, returns__lte=MAX_RETURNS), "case_at_most_two_returns"),
            _check(Q(lon__isnull=True, lat__isnull=True) | Q(lon__isnull=False, lat__isnull=False), "case_point_whole"),
            _check(Q(reports__gte=0), "case_reports_counted"),
            _check(Q(state=State.MERGED, merged_into__isnull=False) | ~Q(state=State.MERGED), "case_merged_somewhere"),
            _check(Q(rating__isnull=True) | Q(rating__range=(1, 5)), "case_rating_range"),
            _check(
                Q(state__in=[State.PENDING, State.ACCEPTED, State.DECLINED, State.MERGED, State.TRANSFERRED])
                | Q(state__in=[State.CLOSED, State.ARCHIVED])
                | Q(lead_unit__isnull=False),
                "case_in_hand_has_lead",
            ),
        ]
        indexes = [
            models.Index(F("state"), F("id").desc(), name="case_by_state"),
            models.Index(F("class_code"), F("id").desc(), name="case_by_class"),
            models.Index(F("item_code"), F("id").desc(), name="case_by_item"),
            models.Index(F("town"), F("id").desc(), name="case_by_town"),
            models.Index(F("community"), F("id").desc(), name="case_by_community"),
            models.Index(F("grid"), F("id").desc(), name="case_by_grid"),
            models.Index(F("lead_unit"), F("id").desc(), name="case_by_lead"),
            models.Index(F("first_asked_unit"), F("id").desc(), name="case_by_first_asked"),
            models.Index(F("channel"), F("id").desc(), name="case_by_channel"),
            models.Index(F("light"), F("id").desc(), name="case_by_light", condition=~Q(light="")),
            models.Index(F("opened_at"), F("id"), name="case_by_opened"),
            models.Index(F("id"), name="case_open", condition=Q(open=True)),
            models.Index(
                fields=["county"],
                include=["state", "light", "town", "community", "grid", "lead_person"],
                name="case_open_counted",
                condition=Q(open=True),
            ),
            models.Index(F("id"), name="case_urgent", condition=Q(urgent=True)),
            models.Index(F("id"), name="case_returned", condition=Q(returns__gt=0)),
            models.Index(F("id"), name="case_closed_late", condition=Q(closed_late=True)),
            models.Index(F("due_at"), F("id"), name="case_open_by_due", condition=Q(open=True)),
            models.Index(F("lead_unit"), F("due_at"), F("id"), name="case_open_by_lead_due", condition=Q(open=True)),
            models.Index(F("town"), F("due_at"), F("id"), name="case_open_by_town_due", condition=Q(open=True)),
            models.Index(
                F("item_code"), F("community"), F("opened_at"), name="case_open_similar", condition=Q(open=True)
            ),
            GinIndex(fields=["terms"], name="case_terms"),
            GinIndex(fields=["subjects"], name="case_by_subject", condition=Q(subjects__isnull=False)),
            GistIndex(
                Func(F("lon"), F("lat"), function="point"),
                name="case_open_point",
                condition=Q(open=True, lon__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


# A unit that was asked and does not lead the case now: it helps, or it had the case before.
NOT_LEADING = Q(role="assist") | Q(state__in=["returned", "passed_up"])


class Assignment(models.Model):
    """工单: what one unit (and, when known, one person) owes to one case, and by when."""

    class Role(models.TextChoices):
        LEAD = "lead"
        ASSIST = "assist"

    class State(models.TextChoices):
        SENT = "sent"
        SIGNED = "signed"
        ARRIVED = "arrived"
        DELIVERED = "delivered"
        ACCEPTED = "accepted"
        RETURNED = "returned"
        RECALLED = "recalled"
        PASSED_UP = "passed_up"
        DROPPED = "dropped"

    LIVE = (State.SENT, State.SIGNED, State.ARRIVED, State.DELIVERED)

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="assignments", db_index=False)
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=6, choices=Role.choices)
    state = models.CharField(max_length=9, choices=State.choices, default=State.SENT)
    limits = models.JSONField(default=dict)
    respond_due = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    why = models.JSONField(default=list)
    sent_at = models.DateTimeField()
    signed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    result = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(role="lead", state__in=["sent", "signed", "arrived", "delivered"]),
                name="assignment_one_lead",
            ),
            models.UniqueConstraint(
                fields=["case", "unit"],
                condition=Q(state__in=["sent", "signed", "arrived", "delivered"]),
                name="assignment_once_per_unit",
            ),
            _check(Q(role__in=["lead", "assist"]), "assignment_role_known"),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="assignment_by_case"),
            models.Index(F("unit"), F("case").desc(), name="assignment_by_unit"),
            models.Index(F("unit"), F("case").desc(), name="assignment_not_leading", condition=NOT_LEADING),
            models.Index(
                fields=["unit", "due_at", "id"],
                condition=Q(role="assist", state__in=["sent", "signed", "arrived", "delivered"]),
                name="assignment_assist_open",
            ),
        ]


class Objection(models.Model):
    """异议: a unit says the case is not its duty; somebody else decides."""

    class State(models.TextChoices):
        ASKED = "asked"
        UPHELD = "upheld"
        REJECTED = "rejected"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="objections")
    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="objections")
    suggested_unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=40, blank=True)
    decision = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(state="asked"), name="objection_one_open"),
        ]


class Extension(models.Model):
    """延期: more time, asked with a reason, approved by somebody else, told to the reporter."""

    class State(models.TextChoices):
        ASKED = "asked"
        GRANTED = "granted"
        REFUSED = "refused"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="extension_requests")
    reason = models.TextField()
    until = models.DateTimeField()
    old_due = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=40, blank=True)
    told = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(state="asked"), name="extension_one_open"),
        ]


class Suspension(models.Model):
    """挂账: a matter that cannot be finished in time runs on a plan of milestones instead of a clock."""

    class State(models.TextChoices):
        ASKED = "asked"
        RUNNING = "running"
        REFUSED = "refused"
        ENDED = "ended"

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="suspensions")
    reason = models.TextField()
    asked_at = models.DateTimeField()
    asked_by = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKED)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=40, blank=True)
    decision = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state__in=["asked", "running"]), name="suspension_one_open"
            ),
        ]


class Milestone(models.Model):
    """节点 of a suspension: what will be there by which day."""

    suspension = models.ForeignKey(Suspension, on_delete=models.PROTECT, related_name="milestones")
    name = models.CharField(max_length=120)
    due_on = models.DateField()
    reached_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["due_on", "id"]


class Transfer(models.Model):
    """转出: handed to 110, a court, petition… ``whole`` says the case itself went; else the case goes on here."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="transfers")
    channel = models.CharField(max_length=16)
    whole = models.BooleanField(default=True)
    reason = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)
    receipt = models.CharField(max_length=80, blank=True)
    receipt_at = models.DateTimeField(null=True)
    follow_up_due = models.DateTimeField(null=True)
    followed_up_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)
    taken_back_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["follow_up_due", "id"],
                condition=Q(followed_up_at__isnull=True, taken_back_at__isnull=True),
                name="transfer_to_follow_up",
            )
        ]


class Feedback(models.Model):
    """反馈: what the leading unit says it has done, with the evidence its closing condition demands.

    Without an assignment it is an answer given on the spot 当场答复, at intake, before any unit was asked.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="feedbacks")
    assignment = models.ForeignKey(Assignment, null=True, on_delete=models.PROTECT, related_name="feedbacks")
    text = models.TextField()
    evidence = models.JSONField(default=dict)
    given_at = models.DateTimeField()
    given_by = models.CharField(max_length=40)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")


class Check(models.Model):
    """核查 by somebody who did not handle the case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="checks")
    feedback = models.ForeignKey(Feedback, on_delete=models.PROTECT, related_name="checks")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    passed = models.BooleanField()
    note = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)


class ReturnCall(models.Model):
    """回访: was the reporter reached, answered, helped, satisfied (1–5)?"""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="return_calls")
    reached = models.BooleanField()
    responded = models.BooleanField(null=True)
    solved = models.BooleanField(null=True)
    satisfied = models.SmallIntegerField(null=True)
    note = models.TextField(blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)

    class Meta:
        constraints = [
            _check(Q(satisfied__isnull=True) | Q(satisfied__range=(1, 5)), "return_call_satisfied_range"),
        ]


class Meeting(models.Model):
    """联席会议: called for a hard case; its decision is recorded."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="meetings")
    purpose = models.TextField()
    unit_ids = ArrayField(models.BigIntegerField())
    called_at = models.DateTimeField()
    called_by = models.CharField(max_length=40)
    planned_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    decision = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(held_at__isnull=True), name="meeting_one_called"),
        ]


class PartnerRating(models.Model):
    """互评: how a unit found the other to work with, 1–5."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="partner_ratings")
    by_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    of_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    score = models.SmallIntegerField()
    note = models.TextField(blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "by_unit", "of_unit"], name="partner_rating_once"),
            _check(Q(score__range=(1, 5)), "partner_rating_range"),
            _check(~Q(by_unit=F("of_unit")), "partner_rating_not_self"),
        ]


class Attachment(models.Model):
    """A photo or document of a case. ``stage``: report, before, after, document."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="attachments")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=8)
    caption = models.CharField(max_length=120, blank=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=40)

    class Meta:
        constraints = [
            _check(Q(stage__in=["report", "before", "after", "document"]), "attachment_stage_known"),
            models.UniqueConstraint(fields=["case", "file", "stage"], name="attachment_once"),
        ]
