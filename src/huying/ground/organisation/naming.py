"""Names for codes that belong to rooms above: catalogue items and trades, and what acts in the trace are called.

Rooms register providers in `AppConfig.ready`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from django.utils.translation import gettext_lazy as _

Provider = Callable[[Iterable[str]], Mapping[str, str]]
_providers: dict[str, list[Provider]] = {}

ACTS = {
    "unit_created": _("新建单位"),
    "unit_changed": _("修改单位"),
    "unit_moved": _("移动单位"),
    "unit_closed": _("撤销单位"),
    "person_added": _("新增人员"),
    "person_appointed": _("任职"),
    "appointment_ended": _("结束任职"),
    "duties_handed_over": _("移交职责"),
    "shift_set": _("排班"),
    "shift_dropped": _("取消班次"),
    "shifts_swapped": _("换班"),
    "responsibility_set": _("设定责任清单"),
    "responsibility_ended": _("结束责任清单"),
    "item_admitted": _("准入事项"),
    "item_withdrawn": _("退出准入"),
    "key_issued": _("发放密钥"),
    "key_renewed": _("换新密钥"),
    "key_revoked": _("吊销密钥"),
    "account_created": _("开账号"),
    "account_disabled": _("停用账号"),
    "account_enabled": _("启用账号"),
    "password_reset": _("重设密码"),
    "second_factor_reset": _("解除验证器绑定"),
}


def register(kind: str, provider: Provider) -> None:
    """`kind` is "item", "trade", "verb" or "chain"; the provider gives names in the active language for the codes it knows."""
    _providers.setdefault(kind, []).append(provider)


def names(kind: str, codes: Iterable[str]) -> dict[str, str]:
    """A name for every code; an unknown code stands for itself."""
    wanted = set(codes)
    known: dict[str, str] = {}
    for provider in _providers.get(kind, ()) if wanted else ():
        known |= provider(wanted)
    return {code: known.get(code, code) for code in wanted}


def unknown(kind: str, codes: Iterable[str]) -> list[str]:
    """The codes no room above has a name for, in order; none where no room has registered."""
    wanted = list(dict.fromkeys(codes))
    known = {code for provider in _providers.get(kind, ()) for code in provider(wanted)}
    return [code for code in wanted if code not in known] if _providers.get(kind) else []


def _acts(codes: Iterable[str]) -> dict[str, str]:
    return {code: str(ACTS[code]) for code in codes if code in ACTS}


register("verb", _acts)
