"""Tables handed in on a page, until they are imported."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisation", "0005_key_renewals"),
        ("registry", "0007_backlog"),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(unique=True)),
                ("kind", models.CharField(max_length=12)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("suffix", models.CharField(max_length=5)),
                ("bytes", models.PositiveIntegerField()),
                ("rows", models.PositiveIntegerField()),
                ("header", models.JSONField()),
                ("mapping", models.JSONField(default=dict)),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("run_key", models.CharField(blank=True, max_length=64)),
                ("content", models.BinaryField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("looked", "等您开始"),
                            ("waiting", "排队中"),
                            ("running", "正在导入"),
                            ("done", "已导入"),
                            ("failed", "没有做完"),
                            ("dropped", "已放弃"),
                        ],
                        default="looked",
                        max_length=8,
                    ),
                ),
                (
                    "begun_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisation.person",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("begun_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("said", models.JSONField(default=dict)),
                ("error", models.CharField(blank=True, max_length=40)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="organisation.person"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["state", "at"], name="registry_upload_state")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                (
                                    "premises",
                                    "person",
                                    "household",
                                    "organisation",
                                    "facility",
                                    "relation",
                                    "residence",
                                    "care",
                                ),
                            )
                        ),
                        name="registry_upload_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("content__isnull", True), ("name", "")),
                            models.Q(("state__in", ["done", "dropped"]), _negated=True),
                            _connector="OR",
                        ),
                        name="registry_upload_forgotten",
                    ),
                ],
            },
        ),
    ]
