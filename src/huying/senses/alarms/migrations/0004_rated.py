from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alarms", "0003_ends_and_claims"),
    ]

    operations = [
        migrations.AlterField(
            model_name="ladderpolicy",
            name="source_en",
            field=models.CharField(blank=True, max_length=200, verbose_name="依据（英文）"),
        ),
        migrations.RemoveIndex(
            model_name="alarm",
            name="alarm_judged",
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False), ("test", False)),
                fields=["closed_at"],
                include=("device", "kind", "cause", "area", "opened_at", "acknowledged_at"),
                name="alarm_rated",
            ),
        ),
        migrations.AddIndex(
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
    ]
