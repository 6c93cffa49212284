import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("kernel", "0004_replicas"),
        ("organisation", "0002_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=80, verbose_name="手机")),
                ("app", models.CharField(blank=True, max_length=40, verbose_name="应用版本")),
                ("token_hash", models.CharField(max_length=64)),
                ("enrolled_at", models.DateTimeField(verbose_name="登记时间")),
                ("seen_at", models.DateTimeField(verbose_name="最近联系")),
                ("next_seq", models.BigIntegerField(default=1)),
                ("pulls", models.BigIntegerField(default=0)),
                ("offset", models.DurationField(null=True)),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="停用时间")),
                ("revoked_by", models.CharField(blank=True, max_length=80)),
                ("revoked_why", models.CharField(blank=True, max_length=200, verbose_name="停用原因")),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="devices", to="organisation.person"
                    ),
                ),
            ],
            options={
                "verbose_name": "手机",
                "verbose_name_plural": "手机",
            },
        ),
        migrations.CreateModel(
            name="Operation",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("seq", models.BigIntegerField()),
                ("kind", models.CharField(max_length=40)),
                ("subject", models.UUIDField(null=True)),
                ("base", models.BigIntegerField(null=True)),
                ("branch", models.UUIDField(null=True)),
                (
                    "after",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                (
                    "files",
                    django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None),
                ),
                ("at", models.DateTimeField()),
                ("at_true", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("body", models.JSONField(null=True)),
                ("sealed", models.BinaryField(null=True)),
                ("digest", models.BinaryField()),
                ("state", models.CharField(default="waiting", max_length=8)),
                ("cause", models.CharField(blank=True, default="queued", max_length=8)),
                ("outcome", models.JSONField(default=dict)),
                ("tries", models.SmallIntegerField(default=0)),
                ("try_at", models.DateTimeField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="operations",
                        to="sync.device",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisation.person",
                    ),
                ),
            ],
            options={
                "verbose_name": "操作",
                "verbose_name_plural": "操作",
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("size", models.IntegerField()),
                ("received", models.IntegerField(default=0)),
                ("media_type", models.CharField(max_length=40)),
                ("state", models.CharField(default="partly", max_length=8)),
                ("problem", models.JSONField(null=True)),
                ("begun_at", models.DateTimeField()),
                ("moved_at", models.DateTimeField()),
                (
                    "file",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="kernel.storedfile",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisation.person",
                    ),
                ),
            ],
            options={
                "verbose_name": "上传",
                "verbose_name_plural": "上传",
            },
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(
                models.OrderBy(models.F("seen_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="device_by_seen",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(condition=models.Q(("next_seq__gte", 1)), name="device_next_seq"),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("revoked_at__isnull", True), models.Q(("revoked_by", ""), _negated=True), _connector="OR"
                ),
                name="device_revoked_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(condition=models.Q(("state", "waiting")), fields=["try_at"], name="operation_to_try"),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(("branch__isnull", False), ("state__in", ["waiting", "refused"])),
                fields=["branch"],
                name="operation_of_branch",
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(("cause", "base"), ("state", "waiting")),
                fields=["subject"],
                name="operation_on_subject",
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("cause", "after"), ("state", "waiting")), fields=["after"], name="operation_after"
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("cause", "upload"), ("state", "waiting")), fields=["files"], name="operation_files"
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                models.OrderBy(models.F("received_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("state__in", ["waiting", "conflict", "refused"])),
                name="operation_unsettled",
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "conflict", "refused"])),
                fields=["device", "state"],
                name="operation_of_device",
            ),
        ),
        migrations.AddIndex(
            model_name="operation",
            index=models.Index(
                condition=models.Q(
                    ("settled_at__isnull", False),
                    models.Q(("body__isnull", False), ("sealed__isnull", False), _connector="OR"),
                ),
                fields=["settled_at"],
                name="operation_to_clear",
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.UniqueConstraint(fields=("device", "seq"), name="operation_seq_once"),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "applied", "conflict", "refused", "removed"])),
                name="operation_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(("cause__in", ["queued", "after", "branch", "upload", "base", "fault", ""])),
                name="operation_cause_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("settled_at__isnull", True),
                        ("state", "waiting"),
                        ("try_at__isnull", False),
                        models.Q(("cause", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "waiting"), _negated=True),
                        ("cause", ""),
                        ("settled_at__isnull", False),
                        ("try_at__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="operation_waits_for_a_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(
                condition=models.Q(("body__isnull", True), ("sealed__isnull", True), _connector="OR"),
                name="operation_one_body",
            ),
        ),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.CheckConstraint(condition=models.Q(("seq__gte", 1)), name="operation_numbered"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(fields=["moved_at"], name="upload_by_moved"),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(condition=models.Q(("state", "partly")), fields=["person"], name="upload_unfinished"),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(("received__gte", 0), ("received__lte", models.F("size")), ("size__gt", 0)),
                name="upload_size",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["partly", "whole", "refused"])), name="upload_state_known"
            ),
        ),
    ]
