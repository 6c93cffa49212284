"""Which figures are withheld is noted with every count; those counted without it are told no more, the next night counts anew."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0005_forgetting")]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Withheld",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("area", models.CharField(blank=True, db_collation="C", max_length=18)),
                ("measure", models.CharField(max_length=24)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("area", "measure"), name="registry_withheld_once"),
                ],
            },
        ),
        migrations.RunSQL("DELETE FROM registry_knowledge", migrations.RunSQL.noop),
    ]
