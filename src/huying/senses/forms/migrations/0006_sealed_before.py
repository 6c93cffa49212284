"""What was sealed before a correction is found by its submission: one that holds nothing sealed any more gets a sealed nothing.

A second run changes nothing.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import migrations, transaction

BATCH = 500


def seal_nothing(apps: Any, _editor: Any) -> None:
    """Batches by number, each in a transaction of its own, of those whose corrections are sealed and they are not."""
    submission = apps.get_model("forms", "Submission")
    before = apps.get_model("forms", "SubmissionRevision").objects.filter(private__isnull=False)
    last = 0
    while batch := list(before.filter(pk__gt=last).order_by("pk").values_list("pk", "submission")[:BATCH]):
        last = batch[-1][0]
        with transaction.atomic():
            rows = submission.objects.filter(pk__in=[pk for _one, pk in batch], private__isnull=True)
            held = rows.exclude(state="erased").order_by("pk").select_for_update()
            submission.objects.filter(pk__in=list(held.values_list("pk", flat=True))).update(private="{}")


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("forms", "0005_sealed")]

    operations: ClassVar = [
        migrations.RunPython(seal_nothing, migrations.RunPython.noop),
    ]
