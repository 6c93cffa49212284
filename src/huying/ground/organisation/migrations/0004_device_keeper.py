"""The role device_keeper, and what keys may do with devices."""

from django.db import migrations, models

ROLES = [
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
    ("device_keeper", "设备管理员"),
    ("admin", "系统管理员"),
]
SCOPES = [
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
    "devices:read",
    "devices:write",
    "readings:write",
]
MODELS = ("appointment", "post", "shift")


def _choice() -> "models.CharField[str, str]":
    return models.CharField(choices=ROLES, max_length=24, verbose_name="职责")


def _known(model: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=models.Q(("role__in", [code for code, _label in ROLES])), name=f"{model}_role_known"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("organisation", "0003_registry_editor"),
    ]

    operations = [
        *(migrations.RemoveConstraint(model_name=model, name=f"{model}_role_known") for model in MODELS),
        *(migrations.AlterField(model_name=model, name="role", field=_choice()) for model in MODELS),
        *(migrations.AddConstraint(model_name=model, constraint=_known(model)) for model in MODELS),
        migrations.RemoveConstraint(model_name="apikey", name="apikey_scopes_known"),
        migrations.AddConstraint(
            model_name="apikey",
            constraint=models.CheckConstraint(
                condition=models.Q(("scopes__contained_by", SCOPES)), name="apikey_scopes_known"
            ),
        ),
    ]
