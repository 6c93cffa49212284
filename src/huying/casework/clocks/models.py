"""Tables of time: the local calendar, the thresholds, every clock with what moved it, every warning, every notice.

A clock is a fact. What it measures never changes, its due time moves only together with a :class:`ClockChange` written in
the same transaction, and a stopped clock never changes again: triggers in migration 0002 refuse everything else.
"""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from huying.casework.cases.models import Assignment, Case
from huying.ground.organisation.models import Person

from .lights import LIGHTS

_RUNNING = Q(stopped_at__isnull=True)


def _check(condition: Q, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=condition, name=name)


class Edition(models.Model):
    """A numbered state of everything clocks are worked out with. Running clocks of an older one are worked out again."""

    number = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80)
    reason = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("历法版本")
        ordering = ["-number"]


class CalendarDay(models.Model):
    """A day that locally works, or does not, against the national calendar. Replaced rows stay, with ``withdrawn_at``."""

    day = models.DateField(_("日期"))
    working = models.BooleanField(_("工作日"))
    area = models.CharField(_("范围"), max_length=17, blank=True)
    source = models.CharField(_("依据"), max_length=200)
    valid_from = models.DateField(_("生效日期"))
    recorded_at = models.DateTimeField()
    recorded_by = models.CharField(max_length=80)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="days")
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("本地调整日")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "area"], condition=Q(withdrawn_at__isnull=True), name="calendarday_one_in_force"
            ),
            _check(Q(area__regex=r"^[0-9]*$"), "calendarday_area_digits"),
            _check(~Q(source=""), "calendarday_has_source"),
        ]


class WorkingHours(models.Model):
    """Daily working hours of an area from a day on: ``[[510, 720], [840, 1080]]`` in minutes of the day."""

    area = models.CharField(_("范围"), max_length=17, blank=True)
    valid_from = models.DateField(_("生效日期"))
    spans = models.JSONField(_("工作时段"))
    source = models.CharField(_("依据"), max_length=200)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="hours")

    class Meta:
        verbose_name = _("工作时间")
        constraints = [
            models.UniqueConstraint(fields=["area", "valid_from"], name="workinghours_once"),
            _check(~Q(source=""), "workinghours_has_source"),
        ]


class LightThresholds(models.Model):
    """When warnings turn, for clocks started from ``valid_from`` on."""

    valid_from = models.DateField(_("生效日期"), unique=True)
    blue_percent = models.SmallIntegerField(_("蓝色百分比"))
    yellow_percent = models.SmallIntegerField(_("黄色百分比"))
    yellow_days_left = models.SmallIntegerField(_("黄色剩余天数"))
    black_percent = models.SmallIntegerField(_("黑色超期百分比"))
    black_days_over = models.SmallIntegerField(_("黑色超期天数"))
    source = models.CharField(_("依据"), max_length=200)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="thresholds")

    class Meta:
        verbose_name = _("预警阈值")
        constraints = [
            _check(
                Q(blue_percent__gte=0, blue_percent__lte=F("yellow_percent"), yellow_percent__lte=100),
                "lightthresholds_in_order",
            ),
            _check(Q(yellow_days_left__gte=0, black_percent__gt=0, black_days_over__gt=0), "lightthresholds_positive"),
            _check(~Q(source=""), "lightthresholds_has_source"),
        ]


class StandingLimit(models.Model):
    """Limits the catalogue does not give: dispatching, checking, deciding an objection, answering a supervision order…"""

    kind = models.CharField(_("种类"), max_length=16)
    valid_from = models.DateField(_("生效日期"))
    limit = models.JSONField(_("时限"))
    source = models.CharField(_("依据"), max_length=200)
    edition = models.ForeignKey(Edition, on_delete=models.PROTECT, related_name="standing_limits")

    class Meta:
        verbose_name = _("常设时限")
        constraints = [
            models.UniqueConstraint(fields=["kind", "valid_from"], name="standinglimit_once"),
            _check(~Q(source=""), "standinglimit_has_source"),
        ]


class Clock(models.Model):
    """One limit that runs against somebody for one case.

    ``kind``: dispatch, respond, close, ``stage:<name>``, objection, check, ``request:<what>``, ``milestone:<number>``,
    ``follow_up:<transfer id>``. ``main`` says its due time is the case's.
    ``fixed``: the due time was set by a person, not by the limit, so a calendar correction leaves it. ``paused_us`` is the
    time of finished pauses in the limit's own time, microseconds. ``continues`` is the clock this one goes on from.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="clocks", db_index=False)
    assignment = models.ForeignKey(
        Assignment, null=True, on_delete=models.PROTECT, related_name="clocks", db_index=False
    )
    kind = models.CharField(max_length=48)
    main = models.BooleanField(default=False)
    limit = models.JSONField()
    area = models.CharField(max_length=17, blank=True)
    fixed = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    assumed = models.BooleanField(default=False)
    edition = models.BigIntegerField(default=0)
    light = models.CharField(max_length=6, default="none")
    next_light_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    paused_why = models.CharField(max_length=16, blank=True)
    resume_by = models.DateTimeField(null=True)
    paused_us = models.BigIntegerField(default=0)
    stopped_at = models.DateTimeField(null=True)
    stopped_why = models.CharField(max_length=16, blank=True)
    continues = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="continued_by", db_index=False
    )

    class Meta:
        verbose_name = _("时钟")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "assignment", "kind"],
                condition=_RUNNING,
                nulls_distinct=False,
                name="clock_one_running",
            ),
            _check(Q(light__in=list(LIGHTS)), "clock_light_known"),
            _check(Q(due_at__isnull=True) | Q(due_at__gte=F("started_at")), "clock_due_after_start"),
            _check(Q(stopped_at__isnull=True) | Q(next_light_at__isnull=True), "clock_stopped_has_no_next"),
            _check(Q(paused_at__isnull=True) | Q(next_light_at__isnull=True), "clock_paused_has_no_next"),
            _check(Q(paused_us__gte=0), "clock_paused_time_positive"),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="clock_by_case"),
            models.Index(fields=["assignment"], name="clock_by_assignment"),
            models.Index(fields=["next_light_at"], name="clock_next_light", condition=Q(next_light_at__isnull=False)),
            models.Index(fields=["resume_by"], name="clock_resume_by", condition=Q(resume_by__isnull=False)),
            models.Index(fields=["edition", "id"], name="clock_running_edition", condition=_RUNNING),
            models.Index(
                fields=["due_at", "id"],
                name="clock_overdue",
                condition=Q(stopped_at__isnull=True, light__in=["red", "black"]),
            ),
        ]


class ClockChange(models.Model):
    """Why a due time moved, or a clock stood still. The only thing that may move one; never changed or removed."""

    KINDS = ("extension", "pause", "resume", "correction")

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    why = models.CharField(max_length=200, blank=True)
    old_due = models.DateTimeField(null=True)
    new_due = models.DateTimeField(null=True)
    transaction = models.BigIntegerField(
        db_default=Func(function="txid_current", output_field=models.BigIntegerField()), editable=False
    )

    class Meta:
        verbose_name = _("时钟变动")
        ordering = ["id"]
        constraints = [_check(Q(kind__in=["extension", "pause", "resume", "correction"]), "clockchange_kind_known")]


class Warning(models.Model):
    """A clock turned a light. Once for each clock and light, however often it is swept."""

    clock = models.ForeignKey(Clock, on_delete=models.PROTECT, related_name="warnings", db_index=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="warnings")
    light = models.CharField(max_length=6)
    turned_at = models.DateTimeField()
    raised_at = models.DateTimeField()
    due_at = models.DateTimeField()

    class Meta:
        verbose_name = _("预警")
        constraints = [
            models.UniqueConstraint(fields=["clock", "light"], name="warning_once"),
            _check(Q(light__in=["blue", "yellow", "red", "black"]), "warning_light_known"),
        ]
        indexes = [models.Index(F("light"), F("id").desc(), name="warning_by_light")]


class WarningRecipient(models.Model):
    """Who was told of a warning, and as what."""

    warning = models.ForeignKey(Warning, on_delete=models.PROTECT, related_name="recipients", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["warning", "person"], name="warningrecipient_once")]


class Notice(models.Model):
    """Something a person should know, shown at the bell of the desk.

    ``kind``: blue, yellow, red, black, remind, order, answered…; ``body`` holds the values its words are made of.
    """

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices", db_index=False)
    kind = models.CharField(max_length=16)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="notices")
    order_id = models.BigIntegerField(null=True)
    body = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    due_at = models.DateTimeField(null=True)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("通知")
        indexes = [
            models.Index(F("person"), F("id").desc(), name="notice_by_person"),
            models.Index(
                F("person"), F("kind"), F("id").desc(), name="notice_unread", condition=Q(read_at__isnull=True)
            ),
        ]
