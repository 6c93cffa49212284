"""Rules of a place, alarms, the ladder of people each walked up, monthly tests.

One active alarm per (device, kind): ``alarm_one_active`` is the last guard, also against two writers at the same moment.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from huying.casework.cases.models import Case
from huying.ground.organisation.models import Person
from huying.senses.devices.models import Device

from .ladder import CHANNELS, MOST_TRIES, RESULTS, WHO
from .rules import FALSE, Cause, Cleared

ACTIVE = Q(cleared_at__isnull=True)
OPEN = Q(closed_at__isnull=True)


def _known(field: str, words: object, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{field}__in": [str(one) for one in words]}), name=name)  # type: ignore[attr-defined]


class AlarmRule(models.Model):
    """报警规则: what a place says otherwise than the defaults of a kind of device, one row a version, never changed.

    ``area`` is a prefix; with ``device`` it is for that one alone. ``body`` is one rule in the grammar of ``engine``; ``off``
    takes the rule of that code away here. ``current`` is the version in force.
    """

    code = models.CharField(_("代码"), max_length=48)
    device_kind = models.CharField(_("设备类型"), max_length=24)
    device = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    area = models.CharField(_("范围"), max_length=17, blank=True, db_collation="C")
    version = models.PositiveIntegerField(_("版本"))
    body = models.JSONField(_("规则"), default=dict)
    off = models.BooleanField(_("不用"), default=False)
    current = models.BooleanField(_("在用"), default=True)
    reason = models.CharField(_("事由"), max_length=200)
    valid_from = models.DateTimeField(_("生效时间"))
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("报警规则")
        verbose_name_plural = _("报警规则")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["code", "device_kind", "device", "area", "version"],
                nulls_distinct=False,
                name="alarmrule_version_once",
            ),
            models.UniqueConstraint(
                fields=["code", "device_kind", "device", "area"],
                condition=Q(current=True),
                nulls_distinct=False,
                name="alarmrule_one_current",
            ),
            models.CheckConstraint(condition=Q(area__regex=r"^\d*$"), name="alarmrule_area_digits"),
            models.CheckConstraint(condition=Q(device__isnull=True) | Q(area=""), name="alarmrule_of_one"),
            models.CheckConstraint(condition=~Q(reason=""), name="alarmrule_has_reason"),
            models.CheckConstraint(condition=Q(off=False) | Q(body={}), name="alarmrule_off_is_empty"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["device"], name="alarmrule_of_device", condition=Q(device__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.device_kind}/{self.code} v{self.version}"


class Alarm(models.Model):
    """报警: something a device said that must not be overlooked. ``cleared`` (the device) and ``closed`` (people) are separate.

    ``kind``: what it warns of (leak, smoke, sos, offline…); ``area``: where the device stood when it came. ``severity`` now
    and ``peak`` at the worst, 1 to 4; ``count``: how often it came, flapping included. ``covered_by``: the dead gateway that
    explains a silence: such an alarm rings nobody; ``uncovers_at``: the gateway is back, and a device silent until then is
    silent by itself. ``test``: answers a drill, calls nobody, opens no case.
    ``wants_case``: a case with ``item`` is still to be opened. ``rung``: how many rungs of the ladder were climbed,
    ``climbs_at`` when the next one is due. ``wants_telling``: its case's trace does not say yet that it is normal again.
    """

    uid = models.UUIDField(unique=True)
    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="alarms", db_index=False)
    area = models.CharField(_("区域"), max_length=17, db_collation="C")
    kind = models.CharField(_("报警"), max_length=32)
    rule = models.CharField(_("规则"), max_length=48)
    severity = models.PositiveSmallIntegerField(_("级别"))
    peak = models.PositiveSmallIntegerField(_("最高级别"))
    urgent = models.BooleanField(default=False)
    test = models.BooleanField(_("测试"), default=False)
    opened_at = models.DateTimeField(_("开始"))
    last_at = models.DateTimeField(_("最近一次"))
    count = models.PositiveIntegerField(_("次数"), default=1)
    field = models.CharField(max_length=48, blank=True)
    value = models.JSONField(null=True)
    words_zh = models.CharField(max_length=200, blank=True)
    words_en = models.CharField(max_length=200, blank=True)
    covered_by = models.ForeignKey(Device, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    uncovers_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(_("确认时间"), null=True)
    acknowledged_by = models.CharField(max_length=80, blank=True)
    acknowledged_name = models.CharField(max_length=80, blank=True)
    cleared_at = models.DateTimeField(_("恢复时间"), null=True)
    cleared_by = models.CharField(max_length=8, blank=True)
    closed_at = models.DateTimeField(_("办结时间"), null=True)
    closed_by = models.CharField(max_length=80, blank=True)
    closed_name = models.CharField(max_length=80, blank=True)
    cause = models.CharField(_("原因"), max_length=16, blank=True)
    cause_words = models.CharField(max_length=300, blank=True)
    item = models.CharField(_("事项"), max_length=16, blank=True)
    wants_case = models.BooleanField(default=False)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    wants_telling = models.BooleanField(default=False)
    rung = models.PositiveSmallIntegerField(default=0)
    climbs_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("报警")
        verbose_name_plural = _("报警")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device", "kind"], condition=ACTIVE, name="alarm_one_active"),
            models.CheckConstraint(condition=Q(severity__range=(1, 4), peak__range=(1, 4)), name="alarm_severity"),
            models.CheckConstraint(condition=Q(peak__gte=F("severity")), name="alarm_peak"),
            models.CheckConstraint(condition=Q(count__gte=1), name="alarm_count"),
            models.CheckConstraint(condition=Q(last_at__gte=F("opened_at")), name="alarm_last"),
            _known("cleared_by", ("", *Cleared), "alarm_cleared_by"),
            models.CheckConstraint(condition=Q(cleared_by="") ^ Q(cleared_at__isnull=False), name="alarm_cleared"),
            models.CheckConstraint(
                condition=Q(cleared_at__isnull=True) | Q(cleared_at__gte=F("opened_at")), name="alarm_cleared_later"
            ),
            models.CheckConstraint(
                condition=Q(acknowledged_by="") ^ Q(acknowledged_at__isnull=False), name="alarm_acknowledged"
            ),
            _known("cause", ("", *Cause), "alarm_cause"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by="", cause="")
                | Q(closed_at__isnull=False) & ~Q(closed_by="") & ~Q(cause=""),
                name="alarm_closed",
            ),
            models.CheckConstraint(condition=~Q(cause="other") | ~Q(cause_words=""), name="alarm_other_says_what"),
            models.CheckConstraint(condition=Q(test=False) | Q(case__isnull=True), name="alarm_test_no_case"),
            models.CheckConstraint(
                condition=Q(wants_case=False) | Q(case__isnull=True, test=False) & ~Q(item=""), name="alarm_wants_case"
            ),
            models.CheckConstraint(
                condition=Q(wants_telling=False) | Q(case__isnull=False), name="alarm_wants_telling"
            ),
            models.CheckConstraint(
                condition=Q(climbs_at__isnull=True)
                | Q(closed_at__isnull=True, acknowledged_at__isnull=True, test=False, covered_by__isnull=True),
                name="alarm_climbs",
            ),
            models.CheckConstraint(
                condition=Q(uncovers_at__isnull=True) | Q(covered_by__isnull=False, cleared_at__isnull=True),
                name="alarm_uncovers",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("device"), F("kind"), F("id").desc(), name="alarm_of_device_kind"),
            models.Index(F("device"), F("opened_at").desc(), name="alarm_of_device"),
            models.Index(F("peak").desc(), F("opened_at").desc(), F("id").desc(), name="alarm_board", condition=OPEN),
            models.Index(fields=["area", "-opened_at"], name="alarm_by_area"),
            models.Index(F("opened_at").desc(), F("id").desc(), name="alarm_by_moment"),
            models.Index(
                fields=["closed_at"],
                include=["device", "kind", "cause", "area", "opened_at", "acknowledged_at"],
                name="alarm_rated",
                condition=Q(closed_at__isnull=False, test=False),
            ),
            models.Index(
                fields=["closed_at"],
                include=["device", "area"],
                name="alarm_false",
                condition=Q(closed_at__isnull=False, test=False, cause__in=sorted(str(one) for one in FALSE)),
            ),
            models.Index(fields=["case"], name="alarm_of_case", condition=Q(case__isnull=False)),
            models.Index(
                fields=["covered_by"],
                name="alarm_covered",
                condition=Q(covered_by__isnull=False, cleared_at__isnull=True),
            ),
            models.Index(fields=["uncovers_at"], name="alarm_to_uncover", condition=Q(uncovers_at__isnull=False)),
            models.Index(
                F("urgent").desc(), F("climbs_at"), F("id"), name="alarm_climbing", condition=Q(climbs_at__isnull=False)
            ),
            models.Index(fields=["id"], name="alarm_tested", condition=Q(test=True, closed_at__isnull=True)),
            models.Index(fields=["id"], name="alarm_to_open", condition=Q(wants_case=True)),
            models.Index(fields=["id"], name="alarm_to_tell", condition=Q(wants_telling=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.device_id}"


class Step(models.Model):
    """响应记录: somebody on the ladder was told, or a call was noted, and what came of it. Never removed.

    ``who``: in which part (guardian, grid_worker, duty, unit_lead, 120…). ``person`` for staff; for others ``contact_rank``
    says which contact of the device, whose number stays sealed there. ``sent_at`` empty and ``tries`` below three: to be
    sent. ``claimed_at``: when somebody began to send it; whoever died over it holds it for a minute only.
    """

    alarm = models.ForeignKey(Alarm, on_delete=models.PROTECT, related_name="steps", db_index=False)
    number = models.PositiveSmallIntegerField()
    rung = models.PositiveSmallIntegerField()
    who = models.CharField(max_length=16)
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    contact_rank = models.PositiveSmallIntegerField(null=True)
    name = models.CharField(max_length=80, blank=True)
    channel = models.CharField(max_length=8)
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    claimed_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    result = models.CharField(max_length=16, default="waiting")
    words = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("响应记录")
        verbose_name_plural = _("响应记录")
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["alarm", "number"], name="alarmstep_number_once"),
            _known("channel", CHANNELS, "alarmstep_channel"),
            _known("who", WHO, "alarmstep_who"),
            _known("result", RESULTS, "alarmstep_result"),
            models.CheckConstraint(
                condition=~Q(result__in=["sent", "answered"]) | Q(sent_at__isnull=False), name="alarmstep_sent"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["person", "alarm"], name="alarmstep_of_person", condition=Q(person__isnull=False)),
            models.Index(fields=["id"], name="alarmstep_to_send", condition=Q(result="waiting", tries__lt=MOST_TRIES)),
        ]

    def __str__(self) -> str:
        return f"{self.alarm_id} {self.number}"


class LadderPolicy(models.Model):
    """响应规程: whom an alarm calls, by which way, after how many seconds; the nearest area and the most exact kind count.

    ``rungs``: ``[{"after": 0, "who": ["guardian", "duty"], "by": ["app", "sms"]}, …]``. ``kind`` empty: every kind;
    ``severity``: from which one on.
    """

    area = models.CharField(_("范围"), max_length=17, blank=True, db_collation="C")
    kind = models.CharField(_("报警"), max_length=32, blank=True)
    severity = models.PositiveSmallIntegerField(_("级别"))
    rungs = models.JSONField(_("步骤"))
    source = models.CharField(_("依据"), max_length=200)
    source_en = models.CharField(_("依据（英文）"), max_length=200, blank=True)
    valid_from = models.DateTimeField(_("生效时间"))
    saved_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)
    by_name = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("响应规程")
        verbose_name_plural = _("响应规程")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "kind", "severity", "valid_from"], name="ladderpolicy_once"),
            models.CheckConstraint(condition=Q(severity__range=(1, 4)), name="ladderpolicy_severity"),
            models.CheckConstraint(condition=Q(area__regex=r"^\d*$"), name="ladderpolicy_area_digits"),
            models.CheckConstraint(condition=~Q(source=""), name="ladderpolicy_has_source"),
        ]

    def __str__(self) -> str:
        return f"{self.area or '*'}/{self.kind or '*'}/{self.severity}"


class Drill(models.Model):
    """测试: somebody presses the button of a device on purpose; its next alarm before ``until`` is the answer."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="drills", db_index=False)
    asked_at = models.DateTimeField(_("发起时间"))
    asked_by = models.CharField(max_length=80)
    asked_name = models.CharField(max_length=80, blank=True)
    until = models.DateTimeField(_("截止时间"))
    answered_at = models.DateTimeField(_("收到时间"), null=True)
    alarm = models.OneToOneField(Alarm, null=True, on_delete=models.PROTECT, related_name="drill")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("设备测试")
        verbose_name_plural = _("设备测试")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device"], condition=Q(ended_at__isnull=True), name="drill_one_open"),
            models.CheckConstraint(condition=Q(until__gt=F("asked_at")), name="drill_until_later"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True) | Q(ended_at__isnull=False, alarm__isnull=False),
                name="drill_answered_ended",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                F("device"), F("answered_at").desc(), name="drill_last", condition=Q(answered_at__isnull=False)
            ),
            models.Index(F("device"), F("id").desc(), name="drill_of_device"),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} {self.asked_at:%Y-%m-%d}"
