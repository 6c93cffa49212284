"""Buildings may be drawn under the grids. The column only grows, so a table in use is not written anew."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("territory", "0002_guards")]
    operations: ClassVar = [
        migrations.AlterField(
            model_name="baselayer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("water", "水域"),
                    ("park", "绿地"),
                    ("road", "道路"),
                    ("rail", "轨道"),
                    ("building", "建筑"),
                ],
                max_length=8,
                verbose_name="类别",
            ),
        ),
    ]
