"""What operations still say about a record is found when it is erased, and built while phones go on sending."""

from typing import ClassVar

from django.db import migrations, models

from huying.kernel.indexes import BuildIndex

HELD = models.Q(("subject__isnull", False)) & (models.Q(("body__isnull", False)) | models.Q(("sealed__isnull", False)))


class Migration(migrations.Migration):
    atomic = False
    dependencies: ClassVar = [("sync", "0002_device_session")]

    operations: ClassVar = [
        BuildIndex("operation", models.Index(condition=HELD, fields=["subject"], name="operation_says_of")),
    ]
