"""The demonstration's logins: one per role with one password, and residents with numbers that nobody holds."""

from __future__ import annotations

from typing import Final

PASSWORD: Final = "Huying.2025"

LOGINS: Final = (
    ("seat", "坐席", "Seat operator"),
    ("dispatcher", "分拨员", "Dispatcher"),
    ("handler", "处置员（街道综合执法队）", "Handler (street enforcement team)"),
    ("unit-lead", "单位负责人（街道综合执法队）", "Unit lead (street enforcement team)"),
    ("community", "社区处置员", "Community handler"),
    ("grid-worker", "网格员", "Grid worker"),
    ("checker", "核查员", "Checker"),
    ("supervisor", "督办员", "Supervisor"),
    ("discipline", "纪检监察", "Discipline inspector"),
    ("centre-lead", "中心负责人", "Centre lead"),
    ("catalogue-editor", "事项编辑", "Catalogue editor"),
    ("territory-editor", "网格编辑", "Territory editor"),
    ("organisation-editor", "组织编辑", "Organisation editor"),
    ("registry-editor", "信息管理员", "Registry editor"),
    ("device-keeper", "设备管理员", "Device keeper"),
    ("admin", "系统管理员", "Administrator"),
)
RESIDENTS: Final = (
    ("19900000001", "林阿婆", True),
    ("19900000002", "周先生", False),
    ("19900000003", "许女士", False),
)
