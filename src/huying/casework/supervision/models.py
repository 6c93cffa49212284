"""Supervision orders and what happened to each."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from huying.casework.cases.models import Case
from huying.casework.clocks.models import Clock
from huying.ground.organisation.models import Person, Unit

from .rules import Cause, Grade, State

_LIVE = Q(state__in=[str(State.OPEN), str(State.ANSWERED)])


def _check(condition: Q, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=condition, name=name)


class SupervisionOrder(models.Model):
    """督办单: a unit is asked why, and must answer by a day."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="orders", db_index=False)
    cause = models.CharField(_("事由"), max_length=20)
    grade = models.CharField(_("级别"), max_length=10, default=Grade.ROUTINE)
    state = models.CharField(_("状态"), max_length=10, default=State.OPEN)
    unit = models.ForeignKey(Unit, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    area = models.CharField(_("范围"), max_length=17, blank=True)
    clock = models.ForeignKey(Clock, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.TextField(_("要求"), blank=True)
    opened_at = models.DateTimeField()
    opened_by = models.CharField(max_length=80)
    opened_by_name = models.CharField(max_length=80)
    due_at = models.DateTimeField(_("回复期限"))
    chased_at = models.DateTimeField(null=True)
    reply = models.TextField(_("回复"), blank=True)
    replied_at = models.DateTimeField(null=True)
    replied_by = models.CharField(max_length=80, blank=True)
    result = models.TextField(_("处理意见"), blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("督办单")
        constraints = [
            models.UniqueConstraint(fields=["case", "cause"], condition=_LIVE, name="order_one_live_a_cause"),
            _check(Q(cause__in=[str(one) for one in Cause]), "order_cause_known"),
            _check(Q(grade__in=[str(one) for one in Grade]), "order_grade_known"),
            _check(Q(state__in=[str(one) for one in State]), "order_state_known"),
            _check(Q(state="answered", replied_at__isnull=False) | ~Q(state="answered"), "order_answered_has_reply"),
            _check(Q(state="closed", closed_at__isnull=False) | ~Q(state="closed"), "order_closed_has_moment"),
        ]
        indexes = [
            models.Index(fields=["case", "id"], name="order_by_case"),
            models.Index(fields=["due_at", "id"], name="order_live_by_due", condition=_LIVE),
            models.Index(F("unit"), F("id").desc(), name="order_by_unit"),
            models.Index(F("area"), F("id").desc(), name="order_by_area"),
            models.Index(fields=["due_at"], name="order_to_chase", condition=Q(state="open", chased_at__isnull=True)),
        ]


class OrderStep(models.Model):
    """One thing that happened to an order; append-only, the case's trace holds the same."""

    order = models.ForeignKey(SupervisionOrder, on_delete=models.PROTECT, related_name="steps")
    verb = models.CharField(max_length=16)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
