"""What shows that work was done: check-ins, sightings, spot checks, their verdicts and what the worker says to them."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.models import Person
from huying.kernel.privacy import SealedTextField

from ..rules import CheckResult, Doubt
from .guards import answered, known, point
from .work import Checkpoint, Task

HOWS = [("evidence", _("看材料")), ("phone", _("电话")), ("visit", _("上门"))]
VERDICTS = [("fine", _("属实")), ("wrong", _("不属实")), ("unsure", _("无法判断"))]


class CheckIn(models.Model):
    """打卡: somebody passed a checkpoint, with the signs (``rules.Doubt``) a person may have to look at.

    ``verdict``: what that person found, "" while nobody has looked.
    """

    uid = models.UUIDField(unique=True)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="check_ins", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+", db_index=False)
    area = models.CharField(max_length=17, blank=True, db_collation="C")
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    how = models.CharField(max_length=8, choices=[("qr", _("扫码")), ("position", _("定位"))])
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    accuracy = models.FloatField(default=0)
    photos = ArrayField(models.CharField(max_length=64), default=list)
    doubts = ArrayField(models.CharField(max_length=16), default=list)
    verdict = models.CharField(max_length=8, blank=True, choices=VERDICTS)
    verdict_words = models.CharField(max_length=300, blank=True)
    looked_by = models.CharField(max_length=80, blank=True)
    looked_at = models.DateTimeField(null=True)
    answer = models.CharField(_("本人说明"), max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("打卡")
        constraints: ClassVar = [
            known("how", ("qr", "position"), "checkin_how_known"),
            known("verdict", ("", "fine", "wrong", "unsure"), "checkin_verdict_known"),
            answered("verdict", "checkin_answer_to_a_verdict"),
            models.CheckConstraint(
                condition=Q(doubts__contained_by=[str(one) for one in Doubt]), name="checkin_doubts_known"
            ),
            models.CheckConstraint(condition=Q(verdict="") ^ Q(looked_at__isnull=False), name="checkin_verdict_moment"),
        ]
        indexes: ClassVar = [
            models.Index(F("person"), F("at").desc(), name="checkin_of_person"),
            models.Index(F("checkpoint"), F("at").desc(), name="checkin_of_checkpoint"),
            models.Index(fields=["area", "at"], name="checkin_by_area"),
            models.Index(fields=["-at"], name="checkin_doubted", condition=~Q(doubts=[]) & Q(verdict="")),
            models.Index(fields=["answered_at"], name="checkin_answered", condition=Q(answered_at__gt=F("looked_at"))),
            models.Index(
                F("person"), F("looked_at").desc(), name="checkin_judged", condition=Q(looked_at__isnull=False)
            ),
        ]


class Sighting(models.Model):
    """所见: what somebody saw at a task that a warning had asked for. Its pictures belong to the task.

    The words lie sealed: they may be about people. ``uid`` is the phone's operation.
    """

    uid = models.UUIDField(unique=True)
    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="sightings")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_name = models.CharField(max_length=80)
    text = SealedTextField(null=True)
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    accuracy = models.FloatField(default=0)

    class Meta:
        verbose_name = _("所见")
        constraints: ClassVar = [point("sighting_point")]


class SpotCheck(models.Model):
    """抽查: finished work for a supervisor to verify: drawn at random, or done because of a warning (``why``)."""

    task = models.OneToOneField(Task, null=True, on_delete=models.PROTECT, related_name="spot_check")
    check_in = models.OneToOneField(CheckIn, null=True, on_delete=models.PROTECT, related_name="spot_check")
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    area = models.CharField(max_length=17, blank=True, db_collation="C")
    why = models.CharField(max_length=8, default="random", choices=[("random", _("随机抽到")), ("warning", _("预警"))])
    drawn_on = models.DateField()
    how = models.CharField(max_length=8, blank=True, choices=HOWS)
    result = models.CharField(max_length=12, blank=True)
    words = models.CharField(max_length=300, blank=True)
    checked_by = models.CharField(max_length=80, blank=True)
    checked_at = models.DateTimeField(null=True)
    answer = models.CharField(_("本人说明"), max_length=500, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("抽查")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(task__isnull=True) ^ Q(check_in__isnull=True), name="spotcheck_of_one"),
            known("result", ("", *CheckResult), "spotcheck_result_known"),
            known("why", ("random", "warning"), "spotcheck_why_known"),
            models.CheckConstraint(
                condition=Q(result="") ^ Q(checked_at__isnull=False), name="spotcheck_result_moment"
            ),
            answered("result", "spotcheck_answer_to_a_result"),
        ]
        indexes: ClassVar = [
            models.Index(F("drawn_on").desc(), F("id").desc(), name="spotcheck_by_day"),
            models.Index(
                fields=["answered_at"], name="spotcheck_answered", condition=Q(answered_at__gt=F("checked_at"))
            ),
            models.Index(
                F("person"), F("checked_at").desc(), name="spotcheck_judged", condition=Q(checked_at__isnull=False)
            ),
        ]


class SpotDay(models.Model):
    """A day whose finished work has been drawn from: drawing again changes nothing."""

    day = models.DateField(unique=True)
    drawn_at = models.DateTimeField()
    of = models.PositiveIntegerField()
    drawn = models.PositiveIntegerField()
