import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
import huying.kernel.privacy.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("kernel", "0004_replicas"),
        ("organisation", "0004_device_keeper"),
    ]

    operations = [
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(db_collation="C", max_length=64, unique=True, verbose_name="设备编号")),
                ("kind", models.CharField(max_length=24, verbose_name="类型")),
                ("name", models.CharField(max_length=80, verbose_name="名称")),
                ("firm", models.CharField(blank=True, max_length=80, verbose_name="厂家")),
                ("model", models.CharField(blank=True, max_length=80, verbose_name="型号")),
                ("serial", models.CharField(blank=True, max_length=80, verbose_name="序列号")),
                ("area", models.CharField(db_collation="C", max_length=17, verbose_name="所在区域")),
                ("address", models.CharField(blank=True, max_length=300, verbose_name="地址")),
                ("lon", models.FloatField(blank=True, null=True, verbose_name="经度")),
                ("lat", models.FloatField(blank=True, null=True, verbose_name="纬度")),
                ("premises_uid", models.UUIDField(blank=True, null=True)),
                ("resident_uid", models.UUIDField(blank=True, null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "在用"), ("paused", "暂停"), ("retired", "已停用")],
                        default="active",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("exempt", models.BooleanField(default=False, verbose_name="接有医疗设备，不得断电")),
                ("note", models.CharField(blank=True, max_length=300, verbose_name="备注")),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=80)),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.CharField(max_length=80)),
                ("changed", models.BigIntegerField(default=0, editable=False)),
                (
                    "gateway",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="behind",
                        to="devices.device",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisation.unit",
                    ),
                ),
            ],
            options={
                "verbose_name": "设备",
                "verbose_name_plural": "设备",
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rank", models.PositiveSmallIntegerField(verbose_name="次序")),
                (
                    "role",
                    models.CharField(
                        choices=[("guardian", "监护人"), ("keeper", "保管人"), ("family", "家属")],
                        max_length=8,
                        verbose_name="身份",
                    ),
                ),
                ("name", huying.kernel.privacy.models.SealedTextField(null=True)),
                ("phone", huying.kernel.privacy.models.SealedTextField(null=True)),
                ("phone_blind", models.BinaryField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisation.person",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contacts",
                        to="devices.device",
                    ),
                ),
            ],
            options={
                "verbose_name": "设备联系人",
            },
        ),
        migrations.CreateModel(
            name="Command",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=24, verbose_name="指令")),
                ("body", models.JSONField(default=dict)),
                ("reason", models.CharField(max_length=200, verbose_name="事由")),
                ("asked_by", models.CharField(max_length=80)),
                ("asked_name", models.CharField(blank=True, max_length=80)),
                ("asked_at", models.DateTimeField()),
                ("confirmed_by", models.CharField(blank=True, max_length=80)),
                ("confirmed_name", models.CharField(blank=True, max_length=80)),
                ("confirmed_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answer", models.CharField(blank=True, max_length=200, verbose_name="回复")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("asked", "待确认"),
                            ("confirmed", "已确认"),
                            ("sent", "已发出"),
                            ("done", "已执行"),
                            ("failed", "执行失败"),
                            ("refused", "未同意"),
                            ("expired", "已过期"),
                        ],
                        default="asked",
                        max_length=9,
                        verbose_name="状态",
                    ),
                ),
                (
                    "device",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commands",
                        to="devices.device",
                    ),
                ),
            ],
            options={
                "verbose_name": "指令",
            },
        ),
        migrations.CreateModel(
            name="Credential",
            fields=[
                (
                    "device",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="credential",
                        serialize=False,
                        to="devices.device",
                    ),
                ),
                ("salt", models.BinaryField()),
                ("secret_hash", models.BinaryField()),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=80)),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_by", models.CharField(blank=True, max_length=80)),
            ],
            options={
                "verbose_name": "设备凭证",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("revoked_at__isnull", True), models.Q(("revoked_by", ""), _negated=True), _connector="OR"
                        ),
                        name="devices_credential_revoked_by_somebody",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LastValue",
            fields=[
                (
                    "device",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="last",
                        serialize=False,
                        to="devices.device",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("received_at", models.DateTimeField()),
                ("seq", models.BigIntegerField(null=True)),
                ("values", models.JSONField(default=dict)),
                ("online", models.BooleanField(default=True)),
                ("silent_since", models.DateTimeField(null=True)),
                ("state", models.JSONField(default=dict)),
            ],
            options={
                "verbose_name": "最近读数",
                "indexes": [
                    models.Index(
                        condition=models.Q(("online", False)), fields=["device"], name="devices_lastvalue_silent"
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("online", True), ("silent_since__isnull", True)),
                            models.Q(("online", False), ("silent_since__isnull", False)),
                            _connector="OR",
                        ),
                        name="devices_lastvalue_silence",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(fields=["area", "code"], name="devices_device_place"),
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(fields=["kind", "area", "code"], name="devices_device_kind"),
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(fields=["changed"], name="devices_device_since"),
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(
                condition=models.Q(("resident_uid__isnull", False)),
                fields=["resident_uid"],
                name="devices_device_resident",
            ),
        ),
        migrations.AddIndex(
            model_name="device",
            index=models.Index(
                condition=models.Q(("premises_uid__isnull", False)),
                fields=["premises_uid"],
                name="devices_device_premises",
            ),
        ),
        migrations.AddIndex(
            model_name="device",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper("code"), "gin_trgm_ops"),
                django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Upper("name"), "gin_trgm_ops"),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("serial"), "gin_trgm_ops"
                ),
                django.contrib.postgres.indexes.OpClass(
                    django.db.models.functions.text.Upper("address"), "gin_trgm_ops"
                ),
                name="devices_device_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(("code__regex", "^[A-Za-z0-9_-]{1,64}$")), name="devices_device_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(("area__regex", "^(\\d{12}|\\d{15}|\\d{17})$")), name="devices_device_area"
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="devices_device_named"
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "paused", "retired"])), name="devices_device_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lat__isnull", True), ("lon__isnull", True)),
                    models.Q(
                        ("lat__isnull", False),
                        ("lat__range", (-90, 90)),
                        ("lon__isnull", False),
                        ("lon__range", (-180, 180)),
                    ),
                    _connector="OR",
                ),
                name="devices_device_point",
            ),
        ),
        migrations.AddConstraint(
            model_name="device",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("gateway__isnull", True), models.Q(("gateway", models.F("id")), _negated=True), _connector="OR"
                ),
                name="devices_device_not_own_gateway",
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(
                condition=models.Q(("phone_blind__isnull", False)), fields=["phone_blind"], name="devices_contact_phone"
            ),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.UniqueConstraint(fields=("device", "rank"), name="devices_contact_rank_once"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(condition=models.Q(("rank__range", (1, 9))), name="devices_contact_rank"),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["guardian", "keeper", "family"])), name="devices_contact_role"
            ),
        ),
        migrations.AddConstraint(
            model_name="contact",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("name__isnull", True),
                        ("person__isnull", False),
                        ("phone__isnull", True),
                        ("phone_blind__isnull", True),
                    ),
                    models.Q(
                        ("name__isnull", False),
                        ("person__isnull", True),
                        ("phone__isnull", False),
                        ("phone_blind__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="devices_contact_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="command",
            index=models.Index(
                models.F("device"), models.OrderBy(models.F("id"), descending=True), name="devices_command_of_device"
            ),
        ),
        migrations.AddIndex(
            model_name="command",
            index=models.Index(
                condition=models.Q(("state__in", ["asked", "confirmed", "sent"])),
                fields=["asked_at"],
                name="devices_command_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["asked", "confirmed", "sent", "done", "failed", "refused", "expired"])
                ),
                name="devices_command_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="devices_command_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("confirmed_at__isnull", True), ("confirmed_by", "")),
                    models.Q(
                        models.Q(("confirmed_by", ""), _negated=True),
                        ("confirmed_at__isnull", False),
                        models.Q(("confirmed_by", models.F("asked_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="devices_command_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["sent", "done", "failed"]), _negated=True),
                    ("sent_at__isnull", False),
                    _connector="OR",
                ),
                name="devices_command_sent",
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["done", "failed"]), _negated=True),
                    ("answered_at__isnull", False),
                    _connector="OR",
                ),
                name="devices_command_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="command",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["asked", "confirmed", "sent"])),
                fields=("device", "code"),
                name="devices_command_one_open",
            ),
        ),
        migrations.RunSQL(
            """
            CREATE TRIGGER devices_device_stamp BEFORE INSERT OR UPDATE ON devices_device
                FOR EACH ROW EXECUTE FUNCTION kernel_stamp_change();
            ALTER TABLE devices_lastvalue SET (fillfactor = 70);
            """,
            """
            DROP TRIGGER devices_device_stamp ON devices_device;
            ALTER TABLE devices_lastvalue RESET (fillfactor);
            """,
        ),
    ]
