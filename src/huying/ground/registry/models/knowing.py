"""How well each area is known, as counted last: figures only, derived from the records and counted anew every night."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q


class Knowledge(models.Model):
    """Of one area (the code its records carry) and one measure: how many there are, of how many what is asked is known."""

    area = models.CharField(max_length=17, blank=True, db_collation="C")
    measure = models.CharField(max_length=24)
    known = models.PositiveIntegerField()
    total = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["area", "measure"], name="registry_knowledge_once"),
            models.CheckConstraint(name="registry_knowledge_within", condition=Q(known__lte=F("total"))),
        ]

    def __str__(self) -> str:
        return f"{self.area} {self.measure} {self.known}/{self.total}"


class Withheld(models.Model):
    """A figure of the last count that is for those alone who may see the records behind it, with all that lies below.

    ``area`` is an area's code, or one with a dash for the records of an area that lie in none of the areas below it.
    """

    area = models.CharField(max_length=18, blank=True, db_collation="C")
    measure = models.CharField(max_length=24)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["area", "measure"], name="registry_withheld_once")]

    def __str__(self) -> str:
        return f"{self.area} {self.measure}"


class Backlog(models.Model):
    """A kind of record some of which have not been looked at since an upgrade that notes more beside the sealed values.

    Those up to ``after`` (pk) have been. No row: all have. What is written meanwhile is noted as it is written.
    """

    kind = models.CharField(max_length=24, unique=True)
    after = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.kind} after {self.after}"
