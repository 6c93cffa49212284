"""Tables of the registry."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import huying.kernel.privacy.models
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("organisation", "0003_registry_editor"),
    ]

    operations = [
        migrations.CreateModel(
            name="Change",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=12)),
                ("subject", models.UUIDField()),
                ("version", models.PositiveIntegerField()),
                ("base", models.PositiveIntegerField(default=0)),
                (
                    "verb",
                    models.CharField(
                        choices=[
                            ("born", "登记"),
                            ("changed", "变更"),
                            ("ended", "注销"),
                            ("returned", "恢复"),
                            ("merged", "合并"),
                            ("split", "撤销合并"),
                            ("erased", "删除"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                ("plain", models.JSONField(default=dict)),
                ("private", huying.kernel.privacy.models.SealedTextField(null=True)),
                ("author", models.CharField(max_length=80)),
                ("author_name", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                ("source", models.CharField(max_length=20)),
                ("op", models.UUIDField(null=True)),
                ("branch", models.UUIDField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "subject", "version"), name="registry_change_version_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("op__isnull", False)), fields=("op",), name="registry_change_op_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "premises",
                                    "person",
                                    "household",
                                    "organisation",
                                    "facility",
                                    "relation",
                                    "residence",
                                    "care",
                                ],
                            )
                        ),
                        name="registry_change_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImportRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("file_sha256", models.CharField(max_length=64)),
                ("file_name", models.CharField(max_length=200)),
                ("next_row", models.IntegerField(default=1)),
                ("born", models.IntegerField(default=0)),
                ("changed_rows", models.IntegerField(default=0)),
                ("same", models.IntegerField(default=0)),
                ("waiting", models.IntegerField(default=0)),
                ("rejected", models.IntegerField(default=0)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "file_sha256"), name="registry_import_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "premises",
                                    "person",
                                    "household",
                                    "organisation",
                                    "facility",
                                    "relation",
                                    "residence",
                                    "care",
                                ],
                            )
                        ),
                        name="registry_import_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Likeness",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("one", models.UUIDField()),
                ("other", models.UUIDField()),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "待核实"), ("merged", "已合并"), ("different", "不是同一个")],
                        default="open",
                        max_length=9,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                ("decided_by", models.CharField(blank=True, max_length=80)),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")), fields=["area", "id"], name="registry_likeness_open"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "one", "other"), name="registry_likeness_once"),
                    models.CheckConstraint(
                        condition=models.Q(("one__lt", models.F("other"))), name="registry_likeness_ordered"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "premises",
                                    "person",
                                    "household",
                                    "organisation",
                                    "facility",
                                    "relation",
                                    "residence",
                                    "care",
                                ],
                            )
                        ),
                        name="registry_likeness_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Premises",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed", models.BigIntegerField(default=0, editable=False)),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "在册"), ("ended", "已注销"), ("merged", "已合并")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("ending", models.CharField(blank=True, default="", max_length=12)),
                ("ended_on", models.DateField(null=True)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField()),
                ("details", models.JSONField(default=dict)),
                ("private", huying.kernel.privacy.models.SealedTextField(null=True)),
                ("code", models.CharField(max_length=12, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("compound", "小区（院落）"),
                            ("building", "楼栋"),
                            ("unit", "单元"),
                            ("floor", "楼层"),
                            ("room", "房屋"),
                            ("shop", "门店"),
                            ("workshop", "作坊"),
                            ("leisure", "娱乐场所"),
                            ("site", "工地"),
                            ("public", "公共场所"),
                        ],
                        max_length=10,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("address", models.CharField(max_length=300)),
                ("lon", models.FloatField(null=True)),
                ("lat", models.FloatField(null=True)),
                (
                    "use",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("dwelling", "自住"),
                            ("rental", "出租"),
                            ("group_rental", "群租"),
                            ("dormitory", "宿舍"),
                            ("business", "经营"),
                            ("mixed", "住改商（住商混用）"),
                            ("office", "办公"),
                            ("storage", "仓储"),
                            ("school", "学校"),
                            ("medical", "医疗"),
                            ("empty", "空置"),
                            ("other", "其他"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                (
                    "risk",
                    models.CharField(
                        blank=True,
                        choices=[("red", "红色"), ("yellow", "黄色"), ("green", "绿色")],
                        default="",
                        max_length=6,
                    ),
                ),
                (
                    "small_kind",
                    models.CharField(
                        blank=True,
                        choices=[("shop", "小档口"), ("workshop", "小作坊"), ("leisure", "小娱乐场所")],
                        default="",
                        max_length=8,
                    ),
                ),
                ("floor_area", models.FloatField(null=True)),
                ("height", models.FloatField(null=True)),
                (
                    "fire_class",
                    models.CharField(
                        blank=True,
                        choices=[("A", "甲"), ("B", "乙"), ("C", "丙"), ("D", "丁"), ("E", "戊")],
                        default="",
                        max_length=1,
                    ),
                ),
                (
                    "find",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.premises",
                        to_field="uid",
                    ),
                ),
                (
                    "parent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="children",
                        to="registry.premises",
                        to_field="uid",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed", models.BigIntegerField(default=0, editable=False)),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "在册"), ("ended", "已注销"), ("merged", "已合并")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("ending", models.CharField(blank=True, default="", max_length=12)),
                ("ended_on", models.DateField(null=True)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField()),
                ("details", models.JSONField(default=dict)),
                ("private", huying.kernel.privacy.models.SealedTextField(null=True)),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("company", "企业"),
                            ("sole_trader", "个体工商户"),
                            ("school", "学校与幼儿园"),
                            ("medical", "医疗机构"),
                            ("public_body", "机关事业单位"),
                            ("social", "社会组织"),
                            ("property", "物业服务企业"),
                            ("committee", "业主委员会"),
                            ("other", "其他"),
                        ],
                        max_length=12,
                    ),
                ),
                ("credit_code", models.CharField(blank=True, default="", max_length=18)),
                (
                    "find",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.organisation",
                        to_field="uid",
                    ),
                ),
                (
                    "premises",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="organisations",
                        to="registry.premises",
                        to_field="uid",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Household",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed", models.BigIntegerField(default=0, editable=False)),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "在册"), ("ended", "已注销"), ("merged", "已合并")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("ending", models.CharField(blank=True, default="", max_length=12)),
                ("ended_on", models.DateField(null=True)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField()),
                ("details", models.JSONField(default=dict)),
                ("private", huying.kernel.privacy.models.SealedTextField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("family", "家庭户"), ("collective", "集体户")], default="family", max_length=10
                    ),
                ),
                (
                    "tenure",
                    models.CharField(
                        blank=True,
                        choices=[("owned", "自有"), ("rented", "租住"), ("lent", "借住"), ("dormitory", "单位宿舍")],
                        default="",
                        max_length=10,
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.household",
                        to_field="uid",
                    ),
                ),
                (
                    "premises",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="households",
                        to="registry.premises",
                        to_field="uid",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Facility",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed", models.BigIntegerField(default=0, editable=False)),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "在册"), ("ended", "已注销"), ("merged", "已合并")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("ending", models.CharField(blank=True, default="", max_length=12)),
                ("ended_on", models.DateField(null=True)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField()),
                ("details", models.JSONField(default=dict)),
                ("private", huying.kernel.privacy.models.SealedTextField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("hydrant", "消火栓"),
                            ("extinguishers", "灭火器箱"),
                            ("fire_station", "微型消防站"),
                            ("charging", "电动自行车充电设施"),
                            ("lift", "电梯"),
                            ("gas", "燃气设施"),
                            ("power", "配电设施"),
                            ("manhole", "井盖"),
                            ("lamp", "路灯"),
                            ("camera", "公共视频"),
                            ("aed", "自动体外除颤器"),
                            ("shelter", "应急避难场所"),
                            ("waste", "垃圾分类点"),
                            ("play", "健身与儿童设施"),
                            ("billboard", "户外广告牌"),
                            ("other", "其他"),
                        ],
                        max_length=13,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("number", models.CharField(blank=True, default="", max_length=40)),
                ("lon", models.FloatField(null=True)),
                ("lat", models.FloatField(null=True)),
                (
                    "condition",
                    models.CharField(
                        blank=True,
                        choices=[("good", "完好"), ("worn", "需维护"), ("broken", "损坏"), ("gone", "缺失")],
                        default="",
                        max_length=6,
                    ),
                ),
                (
                    "find",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.facility",
                        to_field="uid",
                    ),
                ),
                (
                    "keeper",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="keeps",
                        to="registry.organisation",
                        to_field="uid",
                    ),
                ),
                (
                    "premises",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="facilities",
                        to="registry.premises",
                        to_field="uid",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Proposal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=12)),
                ("subject", models.UUIDField()),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("base", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "待审核"),
                            ("conflict", "有冲突"),
                            ("accepted", "已采纳"),
                            ("declined", "未采纳"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "fields",
                    django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), size=None),
                ),
                ("values", huying.kernel.privacy.models.SealedTextField(null=True)),
                ("why", models.CharField(max_length=40)),
                ("author", models.CharField(max_length=80)),
                ("author_name", models.CharField(max_length=80)),
                ("at", models.DateTimeField()),
                ("source", models.CharField(max_length=20)),
                ("op", models.UUIDField(null=True)),
                (
                    "taken",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                ("decided_by", models.CharField(blank=True, max_length=80)),
                ("decided_name", models.CharField(blank=True, max_length=80)),
                ("decided_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["waiting", "conflict"])),
                        fields=["area", "id"],
                        name="registry_proposal_open",
                    ),
                    models.Index(fields=["kind", "subject"], name="registry_proposal_subject"),
                    models.Index(fields=["author", "-id"], name="registry_proposal_author"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "kind__in",
                                [
                                    "premises",
                                    "person",
                                    "household",
                                    "organisation",
                                    "facility",
                                    "relation",
                                    "residence",
                                    "care",
                                ],
                            )
                        ),
                        name="registry_proposal_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("state__in", ["waiting", "conflict"])),
                            models.Q(("decided_at__isnull", False), ("state__in", ["accepted", "declined"])),
                            _connector="OR",
                        ),
                        name="registry_proposal_decided",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("decided_by", ""),
                            models.Q(("decided_by", models.F("author")), _negated=True),
                            _connector="OR",
                        ),
                        name="registry_proposal_two_people",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("decided_at__isnull", True), ("op__isnull", False)),
                        fields=("op", "state"),
                        name="registry_proposal_op_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Receipt",
            fields=[
                ("op", models.UUIDField(primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=12)),
                ("subject", models.UUIDField()),
                ("state", models.CharField(max_length=8)),
                ("version", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                (
                    "proposal",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="registry.proposal"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reject",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("row", models.IntegerField()),
                ("reason", models.CharField(max_length=24)),
                ("field", models.CharField(blank=True, max_length=40)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rejects", to="registry.importrun"
                    ),
                ),
            ],
            options={
                "ordering": ["row"],
            },
        ),
        migrations.CreateModel(
            name="Resident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed", models.BigIntegerField(default=0, editable=False)),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "在册"), ("ended", "已注销"), ("merged", "已合并")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("ending", models.CharField(blank=True, default="", max_length=12)),
                ("ended_on", models.DateField(null=True)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField()),
                ("details", models.JSONField(default=dict)),
                ("private", huying.kernel.privacy.models.SealedTextField(null=True)),
                (
                    "sex",
                    models.CharField(blank=True, choices=[("female", "女"), ("male", "男")], default="", max_length=6),
                ),
                (
                    "registration",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("local", "本地户籍"),
                            ("elsewhere", "流动人口"),
                            ("hk_mo_tw", "港澳台居民"),
                            ("foreign", "外籍"),
                        ],
                        default="",
                        max_length=10,
                    ),
                ),
                ("born_year", models.PositiveSmallIntegerField(null=True)),
                ("id_blind", models.BinaryField(null=True)),
                (
                    "find",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "home",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="residents",
                        to="registry.premises",
                        to_field="uid",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.resident",
                        to_field="uid",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Residence",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed", models.BigIntegerField(default=0, editable=False)),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "在册"), ("ended", "已注销"), ("merged", "已合并")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("ending", models.CharField(blank=True, default="", max_length=12)),
                ("ended_on", models.DateField(null=True)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField()),
                ("details", models.JSONField(default=dict)),
                ("private", huying.kernel.privacy.models.SealedTextField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("lives", "居住"), ("works", "工作"), ("owns", "产权人"), ("lets", "出租人")],
                        max_length=5,
                    ),
                ),
                ("since", models.DateField(null=True)),
                ("until", models.DateField(null=True)),
                (
                    "role",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("head", "户主"),
                            ("spouse", "配偶"),
                            ("child", "子女"),
                            ("parent", "父母"),
                            ("other", "其他成员"),
                        ],
                        default="",
                        max_length=6,
                    ),
                ),
                (
                    "household",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="members",
                        to="registry.household",
                        to_field="uid",
                    ),
                ),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.residence",
                        to_field="uid",
                    ),
                ),
                (
                    "premises",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="residences",
                        to="registry.premises",
                        to_field="uid",
                    ),
                ),
                (
                    "resident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="residences",
                        to="registry.resident",
                        to_field="uid",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Relation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed", models.BigIntegerField(default=0, editable=False)),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "在册"), ("ended", "已注销"), ("merged", "已合并")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("ending", models.CharField(blank=True, default="", max_length=12)),
                ("ended_on", models.DateField(null=True)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField()),
                ("details", models.JSONField(default=dict)),
                ("private", huying.kernel.privacy.models.SealedTextField(null=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("spouse", "配偶"),
                            ("parent", "父母"),
                            ("child", "子女"),
                            ("grandparent", "祖父母（外祖父母）"),
                            ("grandchild", "孙子女（外孙子女）"),
                            ("sibling", "兄弟姐妹"),
                            ("guardian", "监护人"),
                            ("carer", "照护人"),
                            ("relative", "其他亲属"),
                            ("friend", "朋友邻居"),
                            ("landlord", "房东"),
                            ("employer", "雇主"),
                        ],
                        max_length=12,
                    ),
                ),
                ("emergency_rank", models.PositiveSmallIntegerField(null=True)),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.relation",
                        to_field="uid",
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="related",
                        to="registry.resident",
                        to_field="uid",
                    ),
                ),
                (
                    "resident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="relations",
                        to="registry.resident",
                        to_field="uid",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="household",
            name="head",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="heads",
                to="registry.resident",
                to_field="uid",
            ),
        ),
        migrations.CreateModel(
            name="Consent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("purpose", models.CharField(max_length=120)),
                ("notice", models.CharField(max_length=40)),
                (
                    "how",
                    models.CharField(
                        choices=[("paper", "纸质签字"), ("portal", "本人在线确认"), ("spoken", "口头（两人见证）")],
                        max_length=6,
                    ),
                ),
                ("guardian", models.BooleanField(default=False)),
                ("given_at", models.DateTimeField()),
                ("recorded_by", models.CharField(max_length=80)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("withdrawn_by", models.CharField(blank=True, max_length=80)),
                (
                    "resident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="consents", to="registry.resident"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CareEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("changed", models.BigIntegerField(default=0, editable=False)),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "在册"), ("ended", "已注销"), ("merged", "已合并")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("ending", models.CharField(blank=True, default="", max_length=12)),
                ("ended_on", models.DateField(null=True)),
                ("checked_at", models.DateTimeField()),
                ("checked_by", models.CharField(blank=True, max_length=80)),
                ("created_at", models.DateTimeField()),
                ("details", models.JSONField(default=dict)),
                ("private", huying.kernel.privacy.models.SealedTextField(null=True)),
                (
                    "list",
                    models.CharField(
                        choices=[
                            ("elder_alone", "独居老人"),
                            ("elder_aged", "高龄老人"),
                            ("elder_disabled", "失能老人"),
                            ("disabled", "残疾人"),
                            ("low_income", "低保与低收入家庭"),
                            ("destitute", "特困人员"),
                            ("child_hardship", "困境儿童"),
                            ("child_left", "留守儿童"),
                            ("veteran", "优抚对象"),
                            ("severe_illness", "重病慢病人员"),
                            ("mental_health", "严重精神障碍患者"),
                            ("correction", "社区矫正对象"),
                            ("released", "安置帮教对象"),
                            ("drug_recovery", "社区戒毒康复人员"),
                        ],
                        max_length=16,
                    ),
                ),
                ("basis", models.CharField(max_length=200)),
                ("since", models.DateField()),
                ("until", models.DateField()),
                ("visits_every", models.PositiveSmallIntegerField(null=True)),
                (
                    "merged_into",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="registry.careentry",
                        to_field="uid",
                    ),
                ),
                (
                    "responsible",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="organisation.person",
                    ),
                ),
                (
                    "resident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="care",
                        to="registry.resident",
                        to_field="uid",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="RightsRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("correction", "更正"), ("erasure", "删除"), ("copy", "查阅复制")], max_length=10
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "待答复"), ("granted", "已办理"), ("refused", "不予办理")],
                        default="open",
                        max_length=7,
                    ),
                ),
                ("area", models.CharField(blank=True, db_collation="C", max_length=17)),
                ("asked_by", models.CharField(max_length=80)),
                ("text", huying.kernel.privacy.models.SealedTextField(null=True)),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("answer", huying.kernel.privacy.models.SealedTextField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=80)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "resident",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rights_requests",
                        to="registry.resident",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="premises",
            index=models.Index(fields=["area", "id"], name="registry_premises_area"),
        ),
        migrations.AddIndex(
            model_name="premises",
            index=django.contrib.postgres.indexes.GinIndex(fields=["find"], name="registry_premises_find"),
        ),
        migrations.AddIndex(
            model_name="premises",
            index=models.Index(fields=["address"], name="registry_premises_address"),
        ),
        migrations.AddIndex(
            model_name="premises",
            index=models.Index(
                condition=models.Q(("small_kind", ""), _negated=True),
                fields=["small_kind", "area", "id"],
                name="registry_premises_small",
            ),
        ),
        migrations.AddConstraint(
            model_name="premises",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="registry_premises_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="premises",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "ended", "merged"])), name="registry_premises_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="premises",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_into__isnull", False),
                        ("state", "merged"),
                        models.Q(("merged_into", models.F("uid")), _negated=True),
                    ),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                    _connector="OR",
                ),
                name="registry_premises_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="premises",
            constraint=models.CheckConstraint(
                condition=models.Q(("area__regex", "^(\\d{2}|\\d{4}|\\d{6}|\\d{9}|\\d{12}|\\d{15}|\\d{17})?$")),
                name="registry_premises_area",
            ),
        ),
        migrations.AddConstraint(
            model_name="premises",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "compound",
                            "building",
                            "unit",
                            "floor",
                            "room",
                            "shop",
                            "workshop",
                            "leisure",
                            "site",
                            "public",
                        ],
                    )
                ),
                name="registry_premises_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="premises",
            constraint=models.CheckConstraint(
                condition=models.Q(("risk__in", ["red", "yellow", "green", ""])), name="registry_premises_risk_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="premises",
            constraint=models.CheckConstraint(
                condition=models.Q(("small_kind__in", ["shop", "workshop", "leisure", ""])),
                name="registry_premises_small_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="premises",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lat__isnull", True), ("lon__isnull", True)),
                    models.Q(
                        ("lat__gte", -90),
                        ("lat__isnull", False),
                        ("lat__lte", 90),
                        ("lon__gte", -180),
                        ("lon__isnull", False),
                        ("lon__lte", 180),
                    ),
                    _connector="OR",
                ),
                name="registry_premises_point",
            ),
        ),
        migrations.AddConstraint(
            model_name="premises",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="registry_premises_named"
            ),
        ),
        migrations.AddConstraint(
            model_name="premises",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("parent__isnull", True), models.Q(("parent", models.F("uid")), _negated=True), _connector="OR"
                ),
                name="registry_premises_not_own_parent",
            ),
        ),
        migrations.AddIndex(
            model_name="organisation",
            index=models.Index(fields=["area", "id"], name="registry_organisation_area"),
        ),
        migrations.AddIndex(
            model_name="organisation",
            index=django.contrib.postgres.indexes.GinIndex(fields=["find"], name="registry_organisation_find"),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="registry_organisation_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "ended", "merged"])), name="registry_organisation_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_into__isnull", False),
                        ("state", "merged"),
                        models.Q(("merged_into", models.F("uid")), _negated=True),
                    ),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                    _connector="OR",
                ),
                name="registry_organisation_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(("area__regex", "^(\\d{2}|\\d{4}|\\d{6}|\\d{9}|\\d{12}|\\d{15}|\\d{17})?$")),
                name="registry_organisation_area",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active"), models.Q(("credit_code", ""), _negated=True)),
                fields=("credit_code",),
                name="registry_organisation_code_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="organisation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "company",
                            "sole_trader",
                            "school",
                            "medical",
                            "public_body",
                            "social",
                            "property",
                            "committee",
                            "other",
                        ],
                    )
                ),
                name="registry_organisation_kind_known",
            ),
        ),
        migrations.AddIndex(
            model_name="facility",
            index=models.Index(fields=["area", "id"], name="registry_facility_area"),
        ),
        migrations.AddIndex(
            model_name="facility",
            index=django.contrib.postgres.indexes.GinIndex(fields=["find"], name="registry_facility_find"),
        ),
        migrations.AddConstraint(
            model_name="facility",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="registry_facility_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="facility",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "ended", "merged"])), name="registry_facility_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="facility",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_into__isnull", False),
                        ("state", "merged"),
                        models.Q(("merged_into", models.F("uid")), _negated=True),
                    ),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                    _connector="OR",
                ),
                name="registry_facility_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="facility",
            constraint=models.CheckConstraint(
                condition=models.Q(("area__regex", "^(\\d{2}|\\d{4}|\\d{6}|\\d{9}|\\d{12}|\\d{15}|\\d{17})?$")),
                name="registry_facility_area",
            ),
        ),
        migrations.AddConstraint(
            model_name="facility",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "hydrant",
                            "extinguishers",
                            "fire_station",
                            "charging",
                            "lift",
                            "gas",
                            "power",
                            "manhole",
                            "lamp",
                            "camera",
                            "aed",
                            "shelter",
                            "waste",
                            "play",
                            "billboard",
                            "other",
                        ],
                    )
                ),
                name="registry_facility_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="facility",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("lat__isnull", True), ("lon__isnull", True)),
                    models.Q(
                        ("lat__gte", -90),
                        ("lat__isnull", False),
                        ("lat__lte", 90),
                        ("lon__gte", -180),
                        ("lon__isnull", False),
                        ("lon__lte", 180),
                    ),
                    _connector="OR",
                ),
                name="registry_facility_point",
            ),
        ),
        migrations.AddConstraint(
            model_name="reject",
            constraint=models.UniqueConstraint(fields=("run", "row"), name="registry_reject_once"),
        ),
        migrations.AddIndex(
            model_name="resident",
            index=models.Index(fields=["area", "id"], name="registry_resident_area"),
        ),
        migrations.AddIndex(
            model_name="resident",
            index=django.contrib.postgres.indexes.GinIndex(fields=["find"], name="registry_resident_find"),
        ),
        migrations.AddConstraint(
            model_name="resident",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="registry_resident_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="resident",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "ended", "merged"])), name="registry_resident_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="resident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_into__isnull", False),
                        ("state", "merged"),
                        models.Q(("merged_into", models.F("uid")), _negated=True),
                    ),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                    _connector="OR",
                ),
                name="registry_resident_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="resident",
            constraint=models.CheckConstraint(
                condition=models.Q(("area__regex", "^(\\d{2}|\\d{4}|\\d{6}|\\d{9}|\\d{12}|\\d{15}|\\d{17})?$")),
                name="registry_resident_area",
            ),
        ),
        migrations.AddConstraint(
            model_name="resident",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")), fields=("id_blind",), name="registry_resident_id_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="resident",
            constraint=models.CheckConstraint(
                condition=models.Q(("sex__in", ["female", "male", ""])), name="registry_resident_sex_known"
            ),
        ),
        migrations.AddIndex(
            model_name="residence",
            index=models.Index(fields=["area", "id"], name="registry_residence_area"),
        ),
        migrations.AddConstraint(
            model_name="residence",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="registry_residence_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="residence",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "ended", "merged"])), name="registry_residence_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="residence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_into__isnull", False),
                        ("state", "merged"),
                        models.Q(("merged_into", models.F("uid")), _negated=True),
                    ),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                    _connector="OR",
                ),
                name="registry_residence_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="residence",
            constraint=models.CheckConstraint(
                condition=models.Q(("area__regex", "^(\\d{2}|\\d{4}|\\d{6}|\\d{9}|\\d{12}|\\d{15}|\\d{17})?$")),
                name="registry_residence_area",
            ),
        ),
        migrations.AddConstraint(
            model_name="residence",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["lives", "works", "owns", "lets"])),
                name="registry_residence_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="residence",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("until__isnull", True), ("since__isnull", True), ("until__gte", models.F("since")), _connector="OR"
                ),
                name="registry_residence_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="residence",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind", "lives"), ("state", "active"), ("until__isnull", True)),
                fields=("resident",),
                name="registry_residence_one_home",
            ),
        ),
        migrations.AddIndex(
            model_name="relation",
            index=models.Index(fields=["area", "id"], name="registry_relation_area"),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="registry_relation_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "ended", "merged"])), name="registry_relation_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_into__isnull", False),
                        ("state", "merged"),
                        models.Q(("merged_into", models.F("uid")), _negated=True),
                    ),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                    _connector="OR",
                ),
                name="registry_relation_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(("area__regex", "^(\\d{2}|\\d{4}|\\d{6}|\\d{9}|\\d{12}|\\d{15}|\\d{17})?$")),
                name="registry_relation_area",
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "spouse",
                            "parent",
                            "child",
                            "grandparent",
                            "grandchild",
                            "sibling",
                            "guardian",
                            "carer",
                            "relative",
                            "friend",
                            "landlord",
                            "employer",
                        ],
                    )
                ),
                name="registry_relation_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("other__isnull", True), models.Q(("other", models.F("resident")), _negated=True), _connector="OR"
                ),
                name="registry_relation_not_self",
            ),
        ),
        migrations.AddConstraint(
            model_name="relation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("emergency_rank__isnull", True), ("emergency_rank__range", (1, 9)), _connector="OR"
                ),
                name="registry_relation_rank",
            ),
        ),
        migrations.AddIndex(
            model_name="household",
            index=models.Index(fields=["area", "id"], name="registry_household_area"),
        ),
        migrations.AddConstraint(
            model_name="household",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="registry_household_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="household",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "ended", "merged"])), name="registry_household_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="household",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_into__isnull", False),
                        ("state", "merged"),
                        models.Q(("merged_into", models.F("uid")), _negated=True),
                    ),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                    _connector="OR",
                ),
                name="registry_household_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="household",
            constraint=models.CheckConstraint(
                condition=models.Q(("area__regex", "^(\\d{2}|\\d{4}|\\d{6}|\\d{9}|\\d{12}|\\d{15}|\\d{17})?$")),
                name="registry_household_area",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("withdrawn_at__isnull", True), ("withdrawn_at__gte", models.F("given_at")), _connector="OR"
                ),
                name="registry_consent_withdrawn_later",
            ),
        ),
        migrations.AddConstraint(
            model_name="consent",
            constraint=models.UniqueConstraint(
                condition=models.Q(("withdrawn_at__isnull", True)),
                fields=("resident", "purpose"),
                name="registry_consent_once",
            ),
        ),
        migrations.AddIndex(
            model_name="careentry",
            index=models.Index(fields=["area", "id"], name="registry_careentry_area"),
        ),
        migrations.AddIndex(
            model_name="careentry",
            index=models.Index(
                condition=models.Q(("state", "active")), fields=["until"], name="registry_careentry_until"
            ),
        ),
        migrations.AddIndex(
            model_name="careentry",
            index=models.Index(
                condition=models.Q(("state", "active")), fields=["list", "area", "id"], name="registry_careentry_list"
            ),
        ),
        migrations.AddConstraint(
            model_name="careentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gte", 1)), name="registry_careentry_version"
            ),
        ),
        migrations.AddConstraint(
            model_name="careentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["active", "ended", "merged"])), name="registry_careentry_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="careentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("merged_into__isnull", False),
                        ("state", "merged"),
                        models.Q(("merged_into", models.F("uid")), _negated=True),
                    ),
                    models.Q(models.Q(("state", "merged"), _negated=True), ("merged_into__isnull", True)),
                    _connector="OR",
                ),
                name="registry_careentry_merged",
            ),
        ),
        migrations.AddConstraint(
            model_name="careentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("area__regex", "^(\\d{2}|\\d{4}|\\d{6}|\\d{9}|\\d{12}|\\d{15}|\\d{17})?$")),
                name="registry_careentry_area",
            ),
        ),
        migrations.AddConstraint(
            model_name="careentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "list__in",
                        [
                            "elder_alone",
                            "elder_aged",
                            "elder_disabled",
                            "disabled",
                            "low_income",
                            "destitute",
                            "child_hardship",
                            "child_left",
                            "veteran",
                            "severe_illness",
                            "mental_health",
                            "correction",
                            "released",
                            "drug_recovery",
                        ],
                    )
                ),
                name="registry_careentry_list_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="careentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("basis", ""), _negated=True), name="registry_careentry_has_basis"
            ),
        ),
        migrations.AddConstraint(
            model_name="careentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("since"))), name="registry_careentry_expires_later"
            ),
        ),
        migrations.AddConstraint(
            model_name="careentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("visits_every__isnull", True), ("visits_every__range", (1, 366)), _connector="OR"),
                name="registry_careentry_visits",
            ),
        ),
        migrations.AddConstraint(
            model_name="careentry",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "active")), fields=("resident", "list"), name="registry_careentry_once"
            ),
        ),
        migrations.AddIndex(
            model_name="rightsrequest",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["due_at", "id"], name="registry_rights_open"
            ),
        ),
        migrations.AddIndex(
            model_name="rightsrequest",
            index=models.Index(fields=["asked_by", "-id"], name="registry_rights_asked_by"),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(("due_at__gt", models.F("asked_at"))), name="registry_rights_due_later"
            ),
        ),
        migrations.AddConstraint(
            model_name="rightsrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at__isnull", True), ("state", "open")),
                    models.Q(
                        ("answer__isnull", False), ("answered_at__isnull", False), ("state__in", ["granted", "refused"])
                    ),
                    _connector="OR",
                ),
                name="registry_rights_answered",
            ),
        ),
    ]
