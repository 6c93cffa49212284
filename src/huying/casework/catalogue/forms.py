"""The form of an item. What a field may hold is decided by ``rules``; the form only shows and collects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from huying.casework.catalogue.evidence import EMERGENCY_LINES
from huying.casework.catalogue.models import Item
from huying.casework.catalogue.rows import plain_of
from huying.casework.catalogue.rules import CHANNELS, EDITABLE, FIELDS, LEVELS, SOURCES
from huying.casework.catalogue.trades import trades
from huying.casework.catalogue.words import in_english

REQUIRED = frozenset({"name", "level", "lead_trade", "respond", "close", "conditions", "code", "class_code"})
HINTS: Mapping[str, Any] = {
    "respond": _("例：30m、2wh、1wd。m 分钟、h 小时、d 天不分昼夜；wh 工作小时、wd 工作日"),
    "close": _("例：4wh stop-work; 7wd penalty；多步用分号隔开"),
    "conditions": _("C1 至 C12；“/”任一，“+”都要，“→”先后。例：C3→C1"),
    "lead_trade": _("由持有这个行业的最近单位承办"),
    "first_trade": _("最先接到的单位不得推诿；空着就是责任行业"),
    "dup_radius_m": _("0 表示不按地点判断重复"),
    "phrases": _("一行一条。补充本地居民的说法，归类和搜索都会用到"),
    "allowed_channels": _("全不选等于全部渠道"),
    "sensitive": _("限制查看范围，不在公开页面出现详情"),
    "name_en": _("空着时英文页面显示中文名称"),
}
GROUPS: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (_("名称"), ("name", "name_en")),
    (_("谁来办"), ("level", "lead_trade", "first_trade", "co_trades", "self_handle_allowed", "auto_dispatch")),
    (_("多长时间"), ("respond", "close", "max_extensions", "can_suspend")),
    (_("怎样算办结"), ("conditions", "needs_photo_min", "emergency_line")),
    (_("谁能反映、谁能看到"), ("allowed_channels", "public_visible", "sensitive")),
    (_("怎样算重复"), ("dup_radius_m", "dup_window_h")),
    (_("依据"), ("law_basis", "source", "source_note")),
    (_("居民的说法"), ("phrases",)),
)
_TICKS = ("public_visible", "sensitive", "self_handle_allowed", "auto_dispatch", "can_suspend")
_NUMBERS = ("needs_photo_min", "dup_radius_m", "dup_window_h", "max_extensions")
_AREAS = {"law_basis": 2, "source_note": 2, "phrases": 6, "close": 2}


class ItemForm(forms.Form):
    """Every editable field; ``new=True`` asks for code and class as well."""

    def __init__(self, *args: Any, new: bool = False, classes: list[tuple[str, str]] | None = None, **kw: Any) -> None:
        super().__init__(*args, **kw)
        if new:
            self.fields["class_code"] = self._dressed("class_code", forms.ChoiceField(choices=classes or []))
            self.fields["code"] = self._dressed("code", forms.CharField(max_length=4))
        for name in EDITABLE:
            self.fields[name] = self._dressed(name, self._field(name))

    def _field(self, name: str) -> forms.Field:
        english = in_english()
        known = [(code, trade.label) for code, trade in trades().items()]
        known.sort(key=lambda pair: pair[1] if english else pair[0])
        choices: dict[str, list[tuple[str, str]]] = {
            "level": [(code, f"{code} {words}") for code, words in LEVELS.items()],
            "lead_trade": [("", "—"), *known],
            "first_trade": [("", "—"), *known],
            "co_trades": known,
            "emergency_line": [("", "—"), *((line, line) for line in EMERGENCY_LINES)],
            "source": [(code, str(words)) for code, words in SOURCES.items()],
            "allowed_channels": [(code, str(words)) for code, words in CHANNELS.items()],
        }
        if name in ("co_trades", "allowed_channels"):
            return forms.MultipleChoiceField(choices=choices[name], widget=forms.CheckboxSelectMultiple)
        if name in choices:
            return forms.ChoiceField(choices=choices[name])
        if name in _TICKS:
            return forms.BooleanField()
        if name in _NUMBERS:
            return forms.CharField(widget=forms.NumberInput(attrs={"min": 0, "inputmode": "numeric"}))
        rows = _AREAS.get(name)
        return forms.CharField(strip=True, widget=forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput())

    def _dressed(self, name: str, field: forms.Field) -> forms.Field:
        field.label = str(FIELDS[name])
        field.help_text = HINTS.get(name, "")
        field.required = name in REQUIRED or name in _NUMBERS
        return field

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings."""
        head = [(str(_("编码")), [self["class_code"], self["code"]])] if "code" in self.fields else []
        return head + [(str(title), [self[name] for name in names]) for title, names in GROUPS]

    def take_errors(self, fields: Mapping[str, Any]) -> None:
        """What the rules refused, put beside its field."""
        for name, words in fields.items():
            self.add_error(name if name in self.fields else None, str(words))


def initial_of(item: Item) -> dict[str, Any]:
    """The values of a row as the form shows them."""
    values = plain_of(item)
    values["phrases"] = "\n".join(values["phrases"])
    values["allowed_channels"] = values["allowed_channels"] or list(CHANNELS)
    return {name: values[name] for name in EDITABLE}
