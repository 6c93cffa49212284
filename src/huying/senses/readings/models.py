"""Where the drain stands, who must be looked at again, and what could not be taken."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from huying.senses.devices.models import Device

REJECTED_KEPT = 1_000


class Stream(models.TextChoices):
    READINGS = "READINGS", _("读数")
    URGENT = "URGENT", _("紧急")


class Cursor(models.Model):
    """Up to where one partition of a stream is taken: it moves in the very transaction that writes what was taken.

    ``spool`` and ``spool_size`` say how much of which file of the history counts (``spool.py``). ``taken``, ``readings``,
    ``repeated`` and ``refused`` count messages, readings in them, readings told twice and messages that could not be taken.
    ``born`` is when the stream was made whose numbers ``seq`` counts in: one made anew is taken from its beginning.
    ``marks`` are pairs (minute since 1970, sequence number), about one an hour: what may be purged by age.
    """

    stream = models.CharField(max_length=16, choices=Stream)
    partition = models.PositiveSmallIntegerField()
    born = models.DateTimeField(null=True)
    seq = models.BigIntegerField(default=0)
    spool = models.CharField(max_length=40, blank=True)
    spool_size = models.BigIntegerField(default=0)
    taken = models.BigIntegerField(default=0)
    readings = models.BigIntegerField(default=0)
    repeated = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    marks = models.JSONField(default=list, blank=True)
    updated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["stream", "partition"], name="readings_cursor_one"),
            models.CheckConstraint(condition=Q(seq__gte=0, spool_size__gte=0), name="readings_cursor_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.stream} {self.partition}: {self.seq}"


class Due(models.Model):
    """When a device must be looked at again though it says nothing: a duration matures, or it has been silent too long.

    Kept lazily: a device that goes on talking does not move it; only when the moment comes is it seen that it spoke.
    ``partition`` is that of whoever looks: the partition the device speaks in, PARTITIONS for the urgent stream.
    """

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="+", db_index=False)
    partition = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "partition"], name="readings_due_once")]
        indexes = [models.Index(fields=["partition", "at"], name="readings_due_next")]

    def __str__(self) -> str:
        return f"{self.device_id}: {self.at:%Y-%m-%d %H:%M:%S}"


class Rejected(models.Model):
    """The latest message of a sender that could not be taken for one reason, and how many there were.

    At most ``REJECTED_KEPT`` rows: whoever floods us with rubbish fills nothing.
    """

    stream = models.CharField(max_length=16, choices=Stream)
    code = models.CharField(max_length=64)
    why = models.CharField(max_length=200)
    count = models.BigIntegerField(default=1)
    seq = models.BigIntegerField()
    sample = models.BinaryField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "code", "why"], name="readings_rejected_one")]
        indexes = [models.Index(fields=["-last_at", "-id"], name="readings_rejected_latest")]

    def __str__(self) -> str:
        return f"{self.code}: {self.why} ×{self.count}"
