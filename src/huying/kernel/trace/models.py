"""Tables of the trace. Triggers (migration 0003) refuse every update, delete and truncate of the append-only ones."""

from __future__ import annotations

import json
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Entry(models.Model):
    """One thing that happened, written once.

    ``body`` and ``commitments`` hold the exact canonical JSON that was hashed; they are text so that nothing
    re-orders or re-spaces them. The table also has a column ``xid`` (xid8, the writing transaction) that only the
    checkpoint reads; the database fills it.
    """

    id = models.BigAutoField(primary_key=True)
    chain = models.CharField(_("链"), max_length=80, db_collation="C")
    seq = models.IntegerField(_("序号"))
    at = models.DateTimeField(_("时间"))
    actor_ref = models.CharField(_("操作者编号"), max_length=80)
    actor_name = models.CharField(_("操作者"), max_length=80)
    actor_unit = models.BigIntegerField(_("操作者单位"), null=True)
    verb = models.CharField(_("动作"), max_length=60)
    body = models.TextField(_("内容"))
    commitments = models.TextField(_("个人信息承诺值"), default="")
    prev = models.BinaryField(_("上一条哈希"))
    hash = models.BinaryField(_("哈希"))

    class Meta:
        verbose_name = _("留痕")
        verbose_name_plural = _("留痕")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "seq"], name="kernel_entry_chain_seq"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="kernel_entry_seq_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.chain}#{self.seq} {self.verb}"

    @property
    def content(self) -> dict[str, object]:
        """The body as a dictionary."""
        return dict(json.loads(self.body))


class PrivateValue(models.Model):
    """A value that the chain knows only as a salted commitment. Deleting the row erases the value for ever."""

    id = models.BigAutoField(primary_key=True)
    chain = models.CharField(_("链"), max_length=80, db_collation="C")
    seq = models.IntegerField(_("序号"))
    label = models.CharField(_("名称"), max_length=60)
    salt = models.BinaryField(_("盐"))
    sealed = models.BinaryField(_("密文"))

    class Meta:
        verbose_name = _("留痕中的个人信息")
        verbose_name_plural = _("留痕中的个人信息")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["chain", "seq", "label"], name="kernel_private_value_once"),
        ]

    def __str__(self) -> str:
        return f"{self.chain}#{self.seq} {self.label}"


class Checkpoint(models.Model):
    """A signed statement over every chain, made once a day.

    ``statement`` is the exact text that was signed. ``horizon`` and ``cluster`` say up to which transaction of which
    database cluster the entries are covered; they only steer the next checkpoint and prove nothing.
    ``nodes`` holds the tree's hashes at level 10 so that a path into it needs a thousand leaves and not all.
    """

    number = models.IntegerField(_("编号"), primary_key=True)
    day = models.DateField(_("日期"), unique=True)
    at = models.DateTimeField(_("时间"))
    statement = models.TextField(_("声明"))
    signature = models.BinaryField(_("签名"))
    hash = models.BinaryField(_("哈希"))
    horizon = models.BigIntegerField(_("已覆盖的事务"))
    cluster = models.CharField(_("数据库实例"), max_length=40)
    nodes = models.BinaryField(_("树节点"))

    class Meta:
        verbose_name = _("检查点")
        verbose_name_plural = _("检查点")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(number__gte=1), name="kernel_checkpoint_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.day}"


class Leaf(models.Model):
    """The head of one changed chain at one checkpoint, in the order of the tree."""

    id = models.BigAutoField(primary_key=True)
    checkpoint = models.ForeignKey(Checkpoint, on_delete=models.PROTECT, related_name="leaves", db_index=False)
    position = models.IntegerField(_("位置"))
    chain = models.CharField(_("链"), max_length=80, db_collation="C")
    seq = models.IntegerField(_("序号"))
    hash = models.BinaryField(_("哈希"))

    class Meta:
        verbose_name = _("检查点叶")
        verbose_name_plural = _("检查点叶")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["checkpoint", "position"], name="kernel_leaf_position"),
            models.UniqueConstraint(fields=["chain", "seq"], name="kernel_leaf_chain_seq"),
        ]

    def __str__(self) -> str:
        return f"{self.checkpoint_id}/{self.position} {self.chain}#{self.seq}"
