from django.db import migrations, models

from huying.kernel.indexes import BuildIndex, DropIndex


class Migration(migrations.Migration):
    atomic = (
        False  # alarms go on being raised while the indexes are built; the old one stays until the new ones are there
    )

    dependencies = [
        ("alarms", "0003_ends_and_claims"),
    ]

    operations = [
        BuildIndex(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False), ("test", False)),
                fields=["closed_at"],
                include=("device", "kind", "cause", "area", "opened_at", "acknowledged_at"),
                name="alarm_rated",
            ),
        ),
        BuildIndex(
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
        DropIndex(
            model_name="alarm",
            name="alarm_judged",
        ),
    ]
