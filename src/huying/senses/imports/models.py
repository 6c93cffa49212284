"""One run of one table, and the rows it could not take."""

from __future__ import annotations

from django.db import models


class ImportRun(models.Model):
    """How far the import of one file under one source has come; a run that was killed goes on from ``next_row``."""

    source = models.CharField(max_length=40)
    file_sha256 = models.CharField(max_length=64)
    file_name = models.CharField(max_length=200)
    next_row = models.IntegerField(default=1)
    taken = models.IntegerField(default=0)
    repeated = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "file_sha256"], name="import_run_once")]


class Reject(models.Model):
    """A row that is no report, and why. ``row`` counts from 1, the header being row 1, as a spreadsheet shows it."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="rejects")
    row = models.IntegerField()
    source_id = models.CharField(max_length=120, blank=True)
    reason = models.CharField(max_length=24)
    field = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "row"], name="reject_once")]
        ordering = ["row"]
