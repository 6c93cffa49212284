from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = (
        False  # alarms go on being raised while the indexes are built; the old one stays until the new ones are there
    )

    dependencies = [
        ("alarms", "0003_ends_and_claims"),
    ]

    operations = [
        migrations.AlterField(
            model_name="ladderpolicy",
            name="source_en",
            field=models.CharField(blank=True, max_length=200, verbose_name="依据（英文）"),
        ),
        AddIndexConcurrently(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False), ("test", False)),
                fields=["closed_at"],
                include=("device", "kind", "cause", "area", "opened_at", "acknowledged_at"),
                name="alarm_rated",
            ),
        ),
        AddIndexConcurrently(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(
                    ("cause__in", ["false_device", "false_hand", "false_place"]),
                    ("closed_at__isnull", False),
                    ("test", False),
                ),
                fields=["closed_at"],
                include=("device", "area"),
                name="alarm_false",
            ),
        ),
        RemoveIndexConcurrently(
            model_name="alarm",
            name="alarm_judged",
        ),
    ]
