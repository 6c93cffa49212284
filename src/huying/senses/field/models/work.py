"""Plans and the tasks they ask for, rounds, time on duty, findings."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from huying.casework.cases.models import Case
from huying.ground.organisation.models import Person
from huying.kernel.models import StoredFile
from huying.kernel.replicas import Replicated

from ..rules import FindingState, Severity, TaskKind, TaskState
from .guards import known, point

KINDS = [
    (TaskKind.INSPECT, _("检查")),
    (TaskKind.VISIT, _("走访")),
    (TaskKind.COLLECT, _("信息采集")),
    (TaskKind.CHECK, _("核查")),
    (TaskKind.REINSPECT, _("复查")),
    (TaskKind.PATROL, _("巡查")),
    (TaskKind.WARNING, _("预警核实")),
]
SUBJECTS = [
    ("premises", _("房屋场所")),
    ("organisation", _("单位组织")),
    ("facility", _("设施")),
    ("care", _("关爱名单")),
]


class FieldPolicy(models.Model):
    """Local limits of field work from a day on (``rules.Policy``), and the source that set them."""

    valid_from = models.DateField(_("生效日期"), unique=True)
    source = models.CharField(_("依据"), max_length=200)
    values = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("网格工作参数")


class Plan(models.Model):
    """计划: what is looked at how often, with which form, by whom. Tasks are derived from it, never written by hand.

    ``every``: risk → days, "" any other; ``wanted``: attribute of the subject → values meant; ``posts``: codes of posts.
    """

    code = models.CharField(_("代码"), max_length=32, unique=True)
    title = models.CharField(_("名称"), max_length=80)
    kind = models.CharField(_("任务类型"), max_length=10, choices=KINDS)
    form = models.CharField(_("表单"), max_length=64)
    subject_kind = models.CharField(_("对象"), max_length=14, choices=SUBJECTS)
    wanted = models.JSONField(_("条件"), default=dict)
    every = models.JSONField(_("周期"), default=dict)
    window_days = models.PositiveSmallIntegerField(_("提前几天可做"), default=7)
    priority = models.PositiveSmallIntegerField(_("优先"), default=2)
    roles = ArrayField(models.CharField(max_length=24), default=list, blank=True)
    posts = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    area = models.CharField(_("范围"), max_length=17, blank=True)
    valid_from = models.DateField(_("开始日期"))
    valid_to = models.DateField(_("结束日期"), null=True, blank=True)
    active = models.BooleanField(_("启用"), default=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=80)

    class Meta:
        verbose_name = _("工作计划")
        constraints: ClassVar = [
            known("kind", TaskKind, "plan_kind_known"),
            known("subject_kind", [code for code, _label in SUBJECTS], "plan_subject_known"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")), name="plan_validity"
            ),
            models.CheckConstraint(condition=Q(priority__range=(1, 3)), name="plan_priority_range"),
        ]

    def __str__(self) -> str:
        return self.title


class Round(models.Model):
    """巡查路线: checkpoints somebody passes on a patrol."""

    code = models.CharField(_("代码"), max_length=32, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    area = models.CharField(_("范围"), max_length=17)
    every_days = models.PositiveSmallIntegerField(_("几天一次"), default=1)
    form = models.CharField(_("表单"), max_length=64, blank=True)
    active = models.BooleanField(_("启用"), default=True)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=80)

    class Meta:
        verbose_name = _("巡查路线")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(every_days__range=(1, 366)), name="round_every_days"),
        ]

    def __str__(self) -> str:
        return self.name


class Checkpoint(Replicated):
    """巡查点: a place on a round. ``code`` is what its QR sign says; nobody can guess it."""

    area = models.CharField(max_length=17, blank=True, db_collation="C")
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="checkpoints")
    number = models.PositiveSmallIntegerField(_("序号"))
    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    lon = models.FloatField(_("经度"))
    lat = models.FloatField(_("纬度"))
    radius = models.PositiveSmallIntegerField(_("半径（米）"), default=50)
    active = models.BooleanField(_("启用"), default=True)

    class Meta:
        verbose_name = _("巡查点")
        constraints: ClassVar = [
            point("checkpoint_point"),
            models.CheckConstraint(condition=Q(radius__range=(5, 1000)), name="checkpoint_radius"),
            models.UniqueConstraint(fields=["round", "number"], name="checkpoint_number_once"),
        ]

    def __str__(self) -> str:
        return self.name


class Task(Replicated):
    """任务: one thing to go and do. ``uid`` follows from what asks for it, so deriving twice makes nothing twice.

    Asked for by a plan, or once by ``source`` + ``source_key``. ``assignee`` empty: whoever walks the grid.
    """

    area = models.CharField(max_length=17, blank=True, db_collation="C")
    plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="tasks", db_index=False)
    source = models.CharField(max_length=24, blank=True)
    source_key = models.CharField(max_length=80, blank=True)
    kind = models.CharField(_("类型"), max_length=10, choices=KINDS)
    title = models.CharField(_("名称"), max_length=120)
    form = models.CharField(_("表单"), max_length=64, blank=True)
    subject_kind = models.CharField(_("对象"), max_length=14, blank=True)
    subject_uid = models.UUIDField(null=True)
    premises_uid = models.UUIDField(null=True)
    address = models.CharField(_("地址"), max_length=300, blank=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    roles = ArrayField(models.CharField(max_length=24), default=list)
    posts = ArrayField(models.CharField(max_length=32), default=list)
    assignee = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    opens_at = models.DateTimeField(_("可做"))
    due_at = models.DateTimeField(_("期限"))
    priority = models.PositiveSmallIntegerField(default=2)
    state = models.CharField(_("状态"), max_length=8, default=TaskState.OPEN)
    closed_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(_("完成时间"), null=True)
    done_late = models.BooleanField(null=True)
    done_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    submission = models.UUIDField(null=True)
    skip = models.CharField(max_length=16, blank=True)
    skip_words = models.CharField(max_length=300, blank=True)
    again_days = models.PositiveSmallIntegerField(null=True)

    class Meta:
        verbose_name = _("任务")
        constraints: ClassVar = [
            known("kind", TaskKind, "task_kind_known"),
            known("state", TaskState, "task_state_known"),
            point("task_point"),
            models.CheckConstraint(condition=Q(due_at__gt=F("opens_at")), name="task_due_after_open"),
            models.CheckConstraint(condition=Q(plan__isnull=True) ^ Q(source=""), name="task_one_reason"),
            models.CheckConstraint(
                condition=Q(state="open") ^ Q(closed_at__isnull=False), name="task_closed_has_moment"
            ),
            models.CheckConstraint(
                condition=Q(state="done", done_at__isnull=False, done_late__isnull=False)
                | (~Q(state="done") & Q(done_at__isnull=True, done_late__isnull=True)),
                name="task_done_has_moment",
            ),
            models.CheckConstraint(condition=Q(state="skipped") ^ Q(skip=""), name="task_skip_has_reason"),
            models.UniqueConstraint(
                fields=["plan", "subject_uid"], condition=Q(state="open", plan__isnull=False), name="task_one_open"
            ),
            models.UniqueConstraint(
                fields=["source", "source_key"], condition=Q(plan__isnull=True), name="task_asked_once"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["area", "due_at"], name="task_by_area"),
            models.Index(F("plan"), F("subject_uid"), F("closed_at").desc(), name="task_last_of_subject"),
            models.Index(fields=["subject_uid", "form"], name="task_of_subject"),
            models.Index(
                fields=["source", "source_key"],
                name="task_asked_open",
                condition=Q(state="open"),
                opclasses=["text_ops", "text_pattern_ops"],
            ),
            models.Index(fields=["done_by", "done_at"], name="task_by_worker", condition=Q(done_by__isnull=False)),
            models.Index(fields=["submission"], name="task_by_submission", condition=Q(submission__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title


class DutySpell(models.Model):
    """在岗: somebody went on duty and, in the end, off it. No position is kept outside of one."""

    uid = models.UUIDField(unique=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("在岗")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("began_at")), name="spell_ends_later"
            ),
            models.UniqueConstraint(fields=["person"], condition=Q(ended_at__isnull=True), name="spell_one_open"),
            ExclusionConstraint(
                name="spell_no_overlap",
                expressions=[
                    ("person", RangeOperators.EQUAL),
                    (
                        Func(F("began_at"), F("ended_at"), function="tstzrange", output_field=DateTimeRangeField()),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
        ]
        indexes: ClassVar = [models.Index(F("person"), F("began_at").desc(), name="spell_of_person")]


class Position(models.Model):
    """Where somebody on duty was. Deleted after the days the policy allows."""

    spell = models.ForeignKey(DutySpell, on_delete=models.CASCADE, related_name="positions", db_index=False)
    at = models.DateTimeField()
    lon = models.FloatField()
    lat = models.FloatField()
    accuracy = models.FloatField(default=0)

    class Meta:
        verbose_name = _("轨迹点")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["spell", "at"], name="position_once"),
            point("position_point"),
        ]
        indexes: ClassVar = [models.Index(fields=["at"], name="position_by_age")]


class Finding(models.Model):
    """隐患: an item of a form that failed. Its case is handled, then somebody looks again; or it was solved on the spot."""

    uid = models.UUIDField(unique=True)
    submission = models.UUIDField()
    path = models.CharField(max_length=200)
    label = models.CharField(_("检查项"), max_length=300)
    item = models.CharField(_("事项"), max_length=16, blank=True)
    severity = models.CharField(_("程度"), max_length=8, default=Severity.MINOR)
    state = models.CharField(_("状态"), max_length=10)
    form = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=14, blank=True)
    subject_uid = models.UUIDField(null=True)
    premises_uid = models.UUIDField(null=True)
    address = models.CharField(max_length=300, blank=True)
    area = models.CharField(max_length=17, blank=True, db_collation="C")
    days = models.PositiveSmallIntegerField(null=True)
    reinspects = models.BooleanField(default=False)
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    task = models.ForeignKey(Task, null=True, on_delete=models.PROTECT, related_name="findings", db_index=False)
    again_of = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="again", db_index=False)
    found_at = models.DateTimeField()
    found_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    solved_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("隐患")
        constraints: ClassVar = [
            known("severity", Severity, "finding_severity_known"),
            known("state", FindingState, "finding_state_known"),
            models.UniqueConstraint(fields=["submission", "path"], name="finding_once"),
            models.CheckConstraint(
                condition=Q(state="solved") ^ Q(solved_at__isnull=True), name="finding_solved_moment"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["solved", "withdrawn"]) | Q(case__isnull=False), name="finding_open_has_case"
            ),
            models.CheckConstraint(
                condition=~Q(state="reinspect") | Q(task__isnull=False), name="finding_looked_at_by_task"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["case"], name="finding_by_case", condition=Q(case__isnull=False)),
            models.Index(fields=["task"], name="finding_by_task", condition=Q(task__isnull=False)),
            models.Index(fields=["area", "found_at"], name="finding_by_area"),
            models.Index(fields=["premises_uid"], name="finding_by_premises"),
        ]

    def __str__(self) -> str:
        return self.label


class FindingPhoto(models.Model):
    """A picture of a finding, before or after."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="photos")
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    stage = models.CharField(max_length=6, choices=[("before", _("整改前")), ("after", _("整改后"))])

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["finding", "file", "stage"], name="finding_photo_once"),
            known("stage", ("before", "after"), "finding_photo_stage_known"),
        ]
