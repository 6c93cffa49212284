from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("sync", "0001_initial")]

    operations: ClassVar = [
        migrations.AddField(
            "device", "session_key", models.CharField(blank=True, default="", editable=False, max_length=40)
        ),
    ]
