"""What all processes know alike for a while."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kernel", "0004_replicas")]

    operations = [
        migrations.CreateModel(
            name="SharedNote",
            fields=[
                ("name", models.CharField(max_length=250, primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(null=True)),
                ("value", models.BinaryField(null=True)),
                ("ends", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["ends"], name="kernel_sharednote_ends")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("number__isnull", True), ("value__isnull", False)),
                            models.Q(("number__isnull", False), ("value__isnull", True)),
                            _connector="OR",
                        ),
                        name="kernel_sharednote_one_of",
                    )
                ],
            },
        ),
    ]
