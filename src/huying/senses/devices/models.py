"""Devices that measure and report by themselves, who answers for them, what they said last, and what they were told.

An ``area`` is the code of the community, grid or micro-grid a device stands in. Devices are never deleted, only retired.
``changed`` is the number of the transaction that wrote a row last (a trigger's, migration 0001), by which
:mod:`.directory` learns what is new.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.models import Person, Unit
from huying.kernel.privacy import SealedTextField

from .rules import OPEN_COMMANDS, CommandState, ContactRole, DeviceState

STATES = [
    (DeviceState.ACTIVE.value, _("在用")),
    (DeviceState.PAUSED.value, _("暂停")),
    (DeviceState.RETIRED.value, _("已停用")),
]
CONTACT_ROLES = [
    (ContactRole.GUARDIAN.value, _("监护人")),
    (ContactRole.KEEPER.value, _("保管人")),
    (ContactRole.FAMILY.value, _("家属")),
]
COMMAND_STATES = [
    (CommandState.ASKED.value, _("待确认")),
    (CommandState.CONFIRMED.value, _("已确认")),
    (CommandState.SENT.value, _("已发出")),
    (CommandState.DONE.value, _("已执行")),
    (CommandState.FAILED.value, _("执行失败")),
    (CommandState.REFUSED.value, _("未同意")),
    (CommandState.EXPIRED.value, _("已过期")),
]


def _known(field: str, words: object, name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=Q(**{f"{field}__in": [str(one) for one in words]}), name=name)  # type: ignore[attr-defined]


class Device(models.Model):
    """设备: one thing that reports. ``code`` is its name on every topic and never changes.

    ``gateway``: the device through which it speaks. ``unit`` looks after it. ``exempt``: medical equipment hangs on it, its
    power is never cut from here. ``resident_uid``: whose it is, where it watches over a person; ``watches_since``: private
    values from before that moment are about somebody else and are not opened (empty: there was nobody else), but for the
    times in ``Wearing`` of the same resident. ``came_by``: the merged records it came to that resident by, the first one first.
    """

    code = models.CharField(_("设备编号"), max_length=64, unique=True, db_collation="C")
    kind = models.CharField(_("类型"), max_length=24)
    name = models.CharField(_("名称"), max_length=80)
    firm = models.CharField(_("厂家"), max_length=80, blank=True)
    model = models.CharField(_("型号"), max_length=80, blank=True)
    serial = models.CharField(_("序列号"), max_length=80, blank=True)
    area = models.CharField(_("所在区域"), max_length=17, db_collation="C")
    address = models.CharField(_("地址"), max_length=300, blank=True)
    lon = models.FloatField(_("经度"), null=True, blank=True)
    lat = models.FloatField(_("纬度"), null=True, blank=True)
    premises_uid = models.UUIDField(null=True, blank=True)
    resident_uid = models.UUIDField(null=True, blank=True)
    watches_since = models.DateTimeField(null=True, editable=False)
    came_by = ArrayField(models.UUIDField(), default=list, db_default=[], editable=False)
    gateway = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="behind")
    unit = models.ForeignKey(Unit, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("状态"), max_length=8, choices=STATES, default=str(DeviceState.ACTIVE))
    exempt = models.BooleanField(_("接有医疗设备，不得断电"), default=False)
    note = models.CharField(_("备注"), max_length=300, blank=True)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=80)
    changed = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("设备")
        verbose_name_plural = _("设备")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(code__regex=r"^[A-Za-z0-9_-]{1,64}$"), name="devices_device_code"),
            models.CheckConstraint(condition=Q(area__regex=r"^(\d{12}|\d{15}|\d{17})$"), name="devices_device_area"),
            models.CheckConstraint(condition=~Q(name=""), name="devices_device_named"),
            _known("state", DeviceState, "devices_device_state"),
            models.CheckConstraint(
                condition=Q(lon__isnull=True, lat__isnull=True)
                | Q(lon__isnull=False, lat__isnull=False, lon__range=(-180, 180), lat__range=(-90, 90)),
                name="devices_device_point",
            ),
            models.CheckConstraint(
                condition=Q(gateway__isnull=True) | ~Q(gateway=F("id")), name="devices_device_not_own_gateway"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["area", "code"], name="devices_device_place"),
            models.Index(fields=["kind", "area", "code"], name="devices_device_kind"),
            models.Index(fields=["changed"], name="devices_device_since"),
            models.Index(
                fields=["resident_uid"], name="devices_device_resident", condition=Q(resident_uid__isnull=False)
            ),
            models.Index(
                fields=["premises_uid"], name="devices_device_premises", condition=Q(premises_uid__isnull=False)
            ),
            GinIndex(
                OpClass(Upper("code"), "gin_trgm_ops"),
                OpClass(Upper("name"), "gin_trgm_ops"),
                OpClass(Upper("serial"), "gin_trgm_ops"),
                OpClass(Upper("address"), "gin_trgm_ops"),
                name="devices_device_words",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"


class Wearing(models.Model):
    """佩戴: whom a device watched over before, from ``since`` (empty: from the first) until ``until``, that moment not included.

    Whoever gets it back, after a slip of the hand or a loan, finds what it said of them. ``kept``: the last private values and
    what was learned as usual, laid aside for a day by the readings' worker; ``contacts``: for the same day, sealed, the private
    contacts that left with them (JSON: rank, role, name, phone). ``came_by`` as with ``Device``.
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="wearings", db_index=False)
    resident_uid = models.UUIDField()
    since = models.DateTimeField(null=True)
    until = models.DateTimeField()
    kept = models.JSONField(null=True)
    contacts = SealedTextField(null=True)
    came_by = ArrayField(models.UUIDField(), default=list, db_default=[])

    class Meta:
        verbose_name = _("佩戴")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(since__isnull=True) | Q(since__lt=F("until")), name="devices_wearing_in_order"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["device", "until"], name="devices_wearing_of_device"),
            models.Index(fields=["resident_uid"], name="devices_wearing_resident"),
            models.Index(
                fields=["until"],
                name="devices_wearing_laid_aside",
                condition=Q(kept__isnull=False) | Q(contacts__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} {self.until:%Y-%m-%d}"


class Contact(models.Model):
    """联系人: who is told about a device, in the order of ``rank`` (1 first): staff by ``person``, others sealed."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    rank = models.PositiveSmallIntegerField(_("次序"))
    role = models.CharField(_("身份"), max_length=8, choices=CONTACT_ROLES)
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    name = SealedTextField(null=True)
    phone = SealedTextField(null=True)
    phone_blind = models.BinaryField(null=True)

    class Meta:
        verbose_name = _("设备联系人")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["device", "rank"], name="devices_contact_rank_once"),
            models.CheckConstraint(condition=Q(rank__range=(1, 9)), name="devices_contact_rank"),
            _known("role", ContactRole, "devices_contact_role"),
            models.CheckConstraint(
                condition=Q(person__isnull=False, name__isnull=True, phone__isnull=True, phone_blind__isnull=True)
                | Q(person__isnull=True, name__isnull=False, phone__isnull=False, phone_blind__isnull=False),
                name="devices_contact_somebody",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["phone_blind"], name="devices_contact_phone", condition=Q(phone_blind__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.device_id} {self.rank}"


class Credential(models.Model):
    """凭证: by which a device is let in. The secret has 256 random bits and is shown once; its salted hash is kept."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, primary_key=True, related_name="credential")
    salt = models.BinaryField()
    secret_hash = models.BinaryField()
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=80)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("设备凭证")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | ~Q(revoked_by=""), name="devices_credential_revoked_by_somebody"
            ),
        ]

    def __str__(self) -> str:
        return str(self.device_id)


class LastValue(models.Model):
    """最近读数: what a device said last, and how far its rules are. Written by the readings' worker alone, in batches.

    ``at`` is the device's time, ``received_at`` ours; ``online`` until it was silent too long, then ``silent_since``.
    """

    device = models.OneToOneField(Device, on_delete=models.CASCADE, primary_key=True, related_name="last")
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    seq = models.BigIntegerField(null=True)
    values = models.JSONField(default=dict)
    online = models.BooleanField(default=True)
    silent_since = models.DateTimeField(null=True)
    state = models.JSONField(default=dict)

    class Meta:
        verbose_name = _("最近读数")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(online=True, silent_since__isnull=True) | Q(online=False, silent_since__isnull=False),
                name="devices_lastvalue_silence",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["device"], name="devices_lastvalue_silent", condition=Q(online=False)),
        ]

    def __str__(self) -> str:
        return str(self.device_id)


class Command(models.Model):
    """指令: something a device was told, who asked for it and why, who agreed, what became of it."""

    device = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="commands", db_index=False)
    code = models.CharField(_("指令"), max_length=24)
    body = models.JSONField(default=dict)
    reason = models.CharField(_("事由"), max_length=200)
    asked_by = models.CharField(max_length=80)
    asked_name = models.CharField(max_length=80, blank=True)
    asked_at = models.DateTimeField()
    confirmed_by = models.CharField(max_length=80, blank=True)
    confirmed_name = models.CharField(max_length=80, blank=True)
    confirmed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answer = models.CharField(_("回复"), max_length=200, blank=True)
    state = models.CharField(_("状态"), max_length=9, choices=COMMAND_STATES, default=str(CommandState.ASKED))

    class Meta:
        verbose_name = _("指令")
        constraints: ClassVar = [
            _known("state", CommandState, "devices_command_state"),
            models.CheckConstraint(condition=~Q(reason=""), name="devices_command_reason"),
            models.CheckConstraint(
                condition=Q(confirmed_by="", confirmed_at__isnull=True)
                | ~Q(confirmed_by="") & Q(confirmed_at__isnull=False) & ~Q(confirmed_by=F("asked_by")),
                name="devices_command_two_people",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "done", "failed"]) | Q(sent_at__isnull=False),
                name="devices_command_sent",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["done", "failed"]) | Q(answered_at__isnull=False),
                name="devices_command_answered",
            ),
            models.UniqueConstraint(
                fields=["device", "code"],
                condition=Q(state__in=[str(one) for one in OPEN_COMMANDS]),
                name="devices_command_one_open",
            ),
        ]
        indexes: ClassVar = [
            models.Index(F("device"), F("id").desc(), name="devices_command_of_device"),
            models.Index(
                fields=["asked_at"],
                name="devices_command_open",
                condition=Q(state__in=[str(one) for one in OPEN_COMMANDS]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.device_id}"
