"""From what was typed to what is stored: one field at a time, and the record as a whole. Pure but for the words of refusals."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import override

from huying.kernel.errors import Invalid
from huying.kernel.privacy import is_id_number

from . import rules
from .fields import FIELDS, Field

_PHONE: Final = re.compile(r"\+?\d[\d-]{2,19}")
_CREDIT: Final = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_YES: Final = {"是": True, "有": True, "1": True, "true": True, "yes": True, "否": False, "无": False, "没有": False}
_NO: Final = {"0": False, "false": False, "no": False}
_DATES: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日")


def clean(kind: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Every value in its own type. Raises Invalid naming the field; unknown fields are refused."""
    known = FIELDS[kind]
    cleaned: dict[str, Any] = {}
    for name, value in changes.items():
        if name not in known:
            raise Invalid(_("没有“%(name)s”这一项") % {"name": name[:40]}, code="unknown_field", field=name[:40])
        cleaned[name] = clean_value(known[name], value)
    return cleaned


def clean_value(field: Field, value: Any) -> Any:
    """One value; empty is the field's own empty. Raises Invalid naming the field."""
    if isinstance(value, str):
        value = unicodedata.normalize("NFC", value).replace("\x00", "").strip()
    if value is None or value == "":
        if field.required:
            raise _bad(field, _("请填写“%(label)s”"), "required")
        return field.empty
    return _CLEANERS[field.type](field, value)


def check_whole(kind: str, values: Mapping[str, Any]) -> None:
    """The record as it would be: what is required, what must follow what. Raises Invalid naming the field."""
    for field in FIELDS[kind].values():
        if field.required and values.get(field.name) in (None, ""):
            raise _bad(field, _("请填写“%(label)s”"), "required")
    since, until = values.get("since"), values.get("until")
    if since and until and (until < since or (kind == "care" and until == since)):
        raise _bad(FIELDS[kind]["until"], _("“%(label)s”要晚于开始日期"), "ends_before")
    if "lon" in FIELDS[kind] and (values.get("lon") is None) != (values.get("lat") is None):
        raise _bad(FIELDS[kind]["lat"], _("经度和纬度要一起填写"), "half_point")
    _CHECKS.get(kind, _nothing_more)(values)


def _check_premises(values: Mapping[str, Any]) -> None:
    over = rules.small_excess(
        values.get("small_kind") or "", values.get("floor_area"), values.get("height"), values.get("fire_class") or ""
    )
    if over is not None:
        field = FIELDS["premises"][over[0]]
        raise _bad(field, _("“%(label)s”超出了三小场所的范围，请核对面积、高度和火灾危险性类别"), "small_limits")


def _check_relation(values: Mapping[str, Any]) -> None:
    if not (values.get("other") or values.get("contact_name")):
        raise _bad(FIELDS["relation"]["contact_name"], _("请选择登记的人员，或填写联系人姓名"), "nobody")
    if values.get("other") and values.get("other") == values.get("resident"):
        raise _bad(FIELDS["relation"]["other"], _("不能是本人"), "self")


def _check_person(values: Mapping[str, Any]) -> None:
    number, birth = values.get("id_number"), values.get("birth_date")
    if number and birth and number[6:14] != birth.replace("-", ""):
        raise _bad(FIELDS["person"]["birth_date"], _("“%(label)s”与身份证号不符"), "birth_mismatch")


def _nothing_more(values: Mapping[str, Any]) -> None:
    return None


_CHECKS: Final = {"premises": _check_premises, "relation": _check_relation, "person": _check_person}


def _text(field: Field, value: Any) -> str:
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    text = re.sub(r"[ \t]+", " ", text)
    if len(text) > (field.most or 500):
        raise _bad(field, _("“%(label)s”最多 %(most)d 个字"), "too_long")
    if field.name == "credit_code":
        text = text.upper()
        if not _CREDIT.fullmatch(text):
            raise _bad(field, _("“%(label)s”应为 18 位"), "bad_code")
    return text


def _choice(field: Field, value: Any) -> str:
    """A code, or the label people write into spreadsheets."""
    text = str(value)
    if any(text == code for code, _label in field.choices):
        return text
    for language in ("zh-hans", "en"):
        with override(language):
            for code, label in field.choices:
                if text == str(label):
                    return code
    raise _bad(field, _("“%(label)s”没有这个选项"), "bad_choice")


def _date(field: Field, value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    for form in _DATES:
        try:
            return datetime.strptime(str(value), form).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise _bad(field, _("“%(label)s”请写成 2025-03-01 这样的日期"), "bad_date")


def _integer(field: Field, value: Any) -> int:
    number = _decimal(field, value)
    if not number.is_integer():
        raise _bad(field, _("“%(label)s”请填整数"), "bad_number")
    return int(number)


def _decimal(field: Field, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _bad(field, _("“%(label)s”请填数字"), "bad_number") from None
    low, high = field.least, field.most
    if number != number or (low is not None and number < low) or (high is not None and number > high):
        raise _bad(field, _("“%(label)s”不在合理范围内"), "out_of_range")
    return number


def _phone(field: Field, value: Any) -> str:
    whole = isinstance(value, float) and value.is_integer()
    text = str(int(value)) if whole else unicodedata.normalize("NFKC", str(value))
    text = re.sub(r"[\s()]", "", text)
    if not _PHONE.fullmatch(text):
        raise _bad(field, _("“%(label)s”不像电话号码"), "bad_phone")
    return text


def _id_number(field: Field, value: Any) -> str:
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", str(value))).upper()
    if len(text) == 18 and text[:17].isdigit():
        if not is_id_number(text):
            raise _bad(field, _("“%(label)s”的校验位不对，请核对"), "bad_id_number")
        return text
    if not re.fullmatch(r"[A-Z0-9]{6,20}", text):
        raise _bad(field, _("“%(label)s”请填 18 位身份证号，或护照、通行证号码"), "bad_id_number")
    return text


def _boolean(field: Field, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    found = (_YES | _NO).get(str(value).lower())
    if found is None:
        raise _bad(field, _("“%(label)s”请填是或否"), "bad_choice")
    return found


def _ref(field: Field, value: Any) -> Any:
    if field.to == "staff":
        return _integer(field, value)
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise _bad(field, _("“%(label)s”指向的记录不存在"), "unknown_record") from None


_CLEANERS: Final = {
    "text": _text,
    "choice": _choice,
    "date": _date,
    "integer": _integer,
    "decimal": _decimal,
    "phone": _phone,
    "id_number": _id_number,
    "boolean": _boolean,
    "ref": _ref,
}


def _bad(field: Field, message: str, code: str) -> Invalid:
    return Invalid(message % {"label": field.label, "most": field.most or 0}, code=code, field=field.name)
