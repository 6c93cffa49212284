"""The role registry_editor."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("organisation", "0002_guards"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="appointment",
            name="appointment_role_known",
        ),
        migrations.RemoveConstraint(
            model_name="post",
            name="post_role_known",
        ),
        migrations.RemoveConstraint(
            model_name="shift",
            name="shift_role_known",
        ),
        migrations.AlterField(
            model_name="appointment",
            name="role",
            field=models.CharField(
                choices=[
                    ("seat", "坐席"),
                    ("dispatcher", "分拨员"),
                    ("handler", "处置员"),
                    ("unit_lead", "单位负责人"),
                    ("checker", "核查员"),
                    ("supervisor", "督办员"),
                    ("discipline", "纪检监察"),
                    ("centre_lead", "中心负责人"),
                    ("catalogue_editor", "事项编辑"),
                    ("territory_editor", "网格编辑"),
                    ("organisation_editor", "组织编辑"),
                    ("registry_editor", "信息管理员"),
                    ("grid_worker", "网格员"),
                    ("grid_lead", "网格长"),
                    ("assistant", "协管员"),
                    ("admin", "系统管理员"),
                ],
                max_length=24,
                verbose_name="职责",
            ),
        ),
        migrations.AlterField(
            model_name="post",
            name="role",
            field=models.CharField(
                choices=[
                    ("seat", "坐席"),
                    ("dispatcher", "分拨员"),
                    ("handler", "处置员"),
                    ("unit_lead", "单位负责人"),
                    ("checker", "核查员"),
                    ("supervisor", "督办员"),
                    ("discipline", "纪检监察"),
                    ("centre_lead", "中心负责人"),
                    ("catalogue_editor", "事项编辑"),
                    ("territory_editor", "网格编辑"),
                    ("organisation_editor", "组织编辑"),
                    ("registry_editor", "信息管理员"),
                    ("grid_worker", "网格员"),
                    ("grid_lead", "网格长"),
                    ("assistant", "协管员"),
                    ("admin", "系统管理员"),
                ],
                max_length=24,
                verbose_name="职责",
            ),
        ),
        migrations.AlterField(
            model_name="shift",
            name="role",
            field=models.CharField(
                choices=[
                    ("seat", "坐席"),
                    ("dispatcher", "分拨员"),
                    ("handler", "处置员"),
                    ("unit_lead", "单位负责人"),
                    ("checker", "核查员"),
                    ("supervisor", "督办员"),
                    ("discipline", "纪检监察"),
                    ("centre_lead", "中心负责人"),
                    ("catalogue_editor", "事项编辑"),
                    ("territory_editor", "网格编辑"),
                    ("organisation_editor", "组织编辑"),
                    ("registry_editor", "信息管理员"),
                    ("grid_worker", "网格员"),
                    ("grid_lead", "网格长"),
                    ("assistant", "协管员"),
                    ("admin", "系统管理员"),
                ],
                max_length=24,
                verbose_name="职责",
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        [
                            "seat",
                            "dispatcher",
                            "handler",
                            "unit_lead",
                            "checker",
                            "supervisor",
                            "discipline",
                            "centre_lead",
                            "catalogue_editor",
                            "territory_editor",
                            "organisation_editor",
                            "registry_editor",
                            "grid_worker",
                            "grid_lead",
                            "assistant",
                            "admin",
                        ],
                    )
                ),
                name="appointment_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="post",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        [
                            "seat",
                            "dispatcher",
                            "handler",
                            "unit_lead",
                            "checker",
                            "supervisor",
                            "discipline",
                            "centre_lead",
                            "catalogue_editor",
                            "territory_editor",
                            "organisation_editor",
                            "registry_editor",
                            "grid_worker",
                            "grid_lead",
                            "assistant",
                            "admin",
                        ],
                    )
                ),
                name="post_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="shift",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "role__in",
                        [
                            "seat",
                            "dispatcher",
                            "handler",
                            "unit_lead",
                            "checker",
                            "supervisor",
                            "discipline",
                            "centre_lead",
                            "catalogue_editor",
                            "territory_editor",
                            "organisation_editor",
                            "registry_editor",
                            "grid_worker",
                            "grid_lead",
                            "assistant",
                            "admin",
                        ],
                    )
                ),
                name="shift_role_known",
            ),
        ),
        migrations.RemoveConstraint(model_name="apikey", name="apikey_scopes_known"),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                name="apikey_scopes_known",
                condition=models.Q(
                    (
                        "scopes__contained_by",
                        [
                            "reports:write",
                            "reports:read",
                            "cases:read",
                            "cases:act",
                            "catalogue:read",
                            "areas:read",
                            "units:read",
                            "registry:read",
                            "registry:write",
                            "field:read",
                        ],
                    )
                ),
            ),
        ),
    ]
