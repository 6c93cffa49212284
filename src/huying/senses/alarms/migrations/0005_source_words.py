"""What a column is called, apart from the indexes before it: those are built without a transaction."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("alarms", "0004_rated")]

    operations: ClassVar = [
        migrations.AlterField(
            model_name="ladderpolicy",
            name="source_en",
            field=models.CharField(blank=True, max_length=200, verbose_name="依据（英文）"),
        ),
    ]
