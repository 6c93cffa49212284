"""Who stands where: units, people, posts, appointments, rotas, responsibility and admission lists, keys for systems.

Dates are half-open: `valid_from` is the first day, `valid_to` the first day no longer valid (empty = open).
An `area` is a prefix of an area code; the empty prefix is everywhere. Exclusion constraints and the path
guard live in migration 0002.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from . import rules


class ValidQuerySet(models.QuerySet):  # type: ignore[type-arg]
    """Rows with `valid_from` and `valid_to`."""

    def on(self, day: date) -> Self:
        """Rows valid on a day."""
        return self.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=day), valid_from__lte=day)


def _validity(name: str) -> models.CheckConstraint:
    return models.CheckConstraint(name=name, condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")))


def _area_shape(name: str, field: str = "area") -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name, condition=Q(**{f"{field}__regex": r"^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12}|\d{15}|\d{17})?$"})
    )


class Unit(models.Model):
    """A body that can be given work: a centre, a department, a team, a community, a company."""

    class Kind(models.TextChoices):
        CENTRE = "centre", _("中心")
        DEPARTMENT = "department", _("部门")
        STREET = "street", _("街道")
        TEAM = "team", _("队伍")
        COMMUNITY = "community", _("社区")
        COMPANY = "company", _("企业")
        EMERGENCY = "emergency", _("应急力量")
        COURT = "court", _("法院")

    class Level(models.TextChoices):
        L1 = "L1", _("网格级")
        L2 = "L2", _("社区级")
        L3 = "L3", _("街道级")
        L4 = "L4", _("区级")
        L5 = "L5", _("市级")

    code = models.CharField(_("代码"), max_length=32, unique=True)
    name = models.CharField(_("名称"), max_length=80)
    name_en = models.CharField(_("英文名称"), max_length=120, blank=True)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices)
    level = models.CharField(_("层级"), max_length=2, choices=Level.choices)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=400, blank=True, editable=False)
    area = models.CharField(_("辖区"), max_length=17, blank=True)
    trades = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    phone = models.CharField(_("电话"), max_length=32, blank=True)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("失效日期"), null=True, blank=True)

    objects = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        constraints = [
            _validity("unit_validity"),
            _area_shape("unit_area_shape"),
            models.CheckConstraint(name="unit_not_own_parent", condition=Q(parent__isnull=True) | ~Q(parent=F("id"))),
            models.CheckConstraint(name="unit_kind_known", condition=Q(kind__in=list(rules.UNIT_KINDS))),
            models.CheckConstraint(name="unit_level_known", condition=Q(level__in=list(rules.LEVELS))),
        ]
        indexes = [
            models.Index(name="unit_path_prefix", fields=["path"], opclasses=["varchar_pattern_ops"]),
            models.Index(name="unit_area_prefix", fields=["area"], opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return self.name_en if self.name_en and (get_language() or "").startswith("en") else self.name


class Person(models.Model):
    """Somebody who works for the place. The phone is the work number a grid must publish, not a private one."""

    class Employment(models.TextChoices):
        CIVIL = "civil", _("在编")
        CONTRACT = "contract", _("合同制")
        TEAM = "team", _("专业队伍")
        COMPANY = "company", _("企业职工")
        VOLUNTEER = "volunteer", _("兼职与志愿")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="person"
    )
    number = models.CharField(_("工号"), max_length=24, unique=True)
    name = models.CharField(_("姓名"), max_length=64)
    name_en = models.CharField(_("拼音姓名"), max_length=80, blank=True)
    phone = models.CharField(_("工作电话"), max_length=32, blank=True)
    employment = models.CharField(_("用工"), max_length=12, choices=Employment.choices, default=Employment.CONTRACT)
    valid_from = models.DateField(_("到岗日期"))
    valid_to = models.DateField(_("离岗日期"), null=True, blank=True)

    objects = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        constraints = [_validity("person_validity")]
        indexes = [models.Index(name="person_name", fields=["name"])]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return self.name_en if self.name_en and (get_language() or "").startswith("en") else self.name


class Post(models.Model):
    """A named position, such as 总网格长 or 值班长. `role` is the duty it usually carries."""

    code = models.CharField(_("代码"), max_length=32, unique=True)
    name = models.CharField(_("名称"), max_length=40)
    name_en = models.CharField(_("英文名称"), max_length=60, blank=True)
    role = models.CharField(_("职责"), max_length=24, choices=rules.ROLE_CHOICES)
    rank = models.PositiveSmallIntegerField(default=50)

    class Meta:
        verbose_name = _("岗位")
        verbose_name_plural = _("岗位")
        ordering = ["rank", "code"]
        constraints = [models.CheckConstraint(name="post_role_known", condition=Q(role__in=list(rules.ROLES)))]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        return self.name_en if self.name_en and (get_language() or "").startswith("en") else self.name


class Appointment(models.Model):
    """A person holds a post in a unit, with one role over one area, for a time. This decides what they see."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="appointments")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="appointments")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="appointments")
    role = models.CharField(_("职责"), max_length=24, choices=rules.ROLE_CHOICES)
    area = models.CharField(_("范围"), max_length=17, blank=True)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("失效日期"), null=True, blank=True)

    objects = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = _("任职")
        verbose_name_plural = _("任职")
        constraints = [
            _validity("appointment_validity"),
            _area_shape("appointment_area_shape"),
            models.CheckConstraint(name="appointment_role_known", condition=Q(role__in=list(rules.ROLES))),
        ]
        indexes = [
            models.Index(name="appointment_unit_role", fields=["unit", "role"]),
            models.Index(name="appointment_area_prefix", fields=["area"], opclasses=["varchar_pattern_ops"]),
        ]


class Shift(models.Model):
    """One person on duty for one unit and role between two moments. Nobody can stand in two places."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="shifts")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="shifts")
    role = models.CharField(_("职责"), max_length=24, choices=rules.ROLE_CHOICES)
    starts_at = models.DateTimeField(_("开始"))
    ends_at = models.DateTimeField(_("结束"))

    class Meta:
        verbose_name = _("值班")
        verbose_name_plural = _("值班")
        constraints = [
            models.CheckConstraint(name="shift_ends_later", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="shift_role_known", condition=Q(role__in=list(rules.ROLES))),
        ]
        indexes = [models.Index(name="shift_unit_time", fields=["unit", "role", "starts_at"])]


class Responsibility(models.Model):
    """One row of the responsibility list 权责清单: for an item in an area, who leads, who assists, by which law."""

    item_code = models.CharField(_("事项代码"), max_length=16)
    area = models.CharField(_("范围"), max_length=17, blank=True)
    lead_unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="leads")
    assist_units = models.ManyToManyField(Unit, related_name="assists", blank=True)
    first_asked_unit = models.ForeignKey(
        Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="first_asked_for"
    )
    legal_basis = models.TextField(_("依据"), blank=True)
    source = models.CharField(_("来源"), max_length=200, blank=True)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("失效日期"), null=True, blank=True)

    objects = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = _("责任清单")
        verbose_name_plural = _("责任清单")
        constraints = [_validity("responsibility_validity"), _area_shape("responsibility_area_shape")]
        indexes = [models.Index(name="responsibility_item", fields=["item_code", "area"])]


class Admission(models.Model):
    """One row of the admission list 准入清单: communities in an area may be asked to do this item."""

    area = models.CharField(_("范围"), max_length=17, blank=True)
    item_code = models.CharField(_("事项代码"), max_length=16)
    basis = models.CharField(_("依据"), max_length=200)
    valid_from = models.DateField(_("生效日期"))
    valid_to = models.DateField(_("失效日期"), null=True, blank=True)

    objects = ValidQuerySet.as_manager()

    class Meta:
        verbose_name = _("准入清单")
        verbose_name_plural = _("准入清单")
        constraints = [_validity("admission_validity"), _area_shape("admission_area_shape")]
        indexes = [models.Index(name="admission_item", fields=["item_code", "area"])]


class ApiKey(models.Model):
    """A key for another system. The secret is shown once; only its hash is kept.

    ``renews`` is the first key of the same system: whoever holds a later one is the same caller to everything it brought.
    """

    name = models.CharField(_("名称"), max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    secret_hash = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=32), default=list)
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="api_keys")
    area = models.CharField(_("范围"), max_length=17, blank=True)
    renews = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="renewals")
    issued_by = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("到期"))
    last_used_at = models.DateTimeField(_("最近使用"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("吊销时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("接口密钥")
        verbose_name_plural = _("接口密钥")
        constraints = [
            models.CheckConstraint(name="apikey_expires_later", condition=Q(expires_at__gt=F("issued_at"))),
            models.CheckConstraint(name="apikey_renews_another", condition=~Q(renews=F("id"))),
            models.CheckConstraint(name="apikey_scopes_known", condition=Q(scopes__contained_by=list(rules.SCOPES))),
            _area_shape("apikey_area_shape"),
        ]

    def usable(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class DirectoryVersion(models.Model):
    """One row, counted up by triggers (migration 0002) whenever anything above changes; caches compare it."""

    number = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(name="directoryversion_single", condition=Q(id=1))]
