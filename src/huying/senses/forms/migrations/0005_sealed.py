"""The states of a submission are checked, and what is still sealed is found, while others go on writing."""

from typing import ClassVar

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations, models

from huying.kernel.indexes import BuildIndex

SEALED = models.Q(("private__isnull", False))


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("forms", "0004_erasing")]

    operations: ClassVar = [
        ValidateConstraint("submission", "submission_state_known"),
        BuildIndex(
            "submission", models.Index(condition=SEALED, fields=["received_at", "id"], name="submission_sealed")
        ),
    ]
