"""Masking: what a screen shows of a person by default (display limits of GB/T 35273-2020)."""

from __future__ import annotations

import re
from typing import Final

_COMPOUND_SURNAMES: Final = {
    *("欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛"),
    *("尉迟", "公羊", "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容"),
    *("仲孙", "钟离", "长孙", "宇文", "司徒", "鲜于", "司空", "闾丘", "令狐", "第五"),
}
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECK: Final = "10X98765432"
# One sign for one sign, so that what is found in the narrow text stands at the same place in the original.
_NARROW: Final = {**{0xFF01 + i: 0x21 + i for i in range(94)}, 0x3000: 0x20, 0x2010: 0x2D, 0x2013: 0x2D, 0x2014: 0x2D}

_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_PLATE: Final = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领]"
    r"[A-HJ-Za-hj-z][·•.\s-]?(?:[A-HJ-NP-Za-hj-np-z0-9]{5,6}(?![A-Za-z0-9])|[A-HJ-NP-Za-hj-np-z0-9]{4}[挂学警港澳领])"
)
_NUMBER: Final = re.compile(r"(?<![\dA-Za-z.])\+?\d(?:[ -]?\d){5,22}(?:[ -]?[Xx](?![A-Za-z]))?(?![\d])")
# Nothing below can be found in a text without one of these: six digits in a row, an at sign, the start of a plate.
_SUSPECT: Final = re.compile(
    r"\d(?:[ \u3000\-\uff0d\u2010\u2013\u2014]?\d){5}|[@＠]"
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-Za-zＡ-Ｚａ-ｚ]"
)
_MOBILE: Final = re.compile(r"(?:\+?86|0086)?(1[3-9]\d{9})")
_SHORTEST: Final = 10  # no number below is shorter: 010 and seven digits
_LANDLINE: Final = re.compile(r"(?:\+?86)?0(?:10|2\d|[3-9]\d{2})\d{7,8}")


def mask_name(name: str) -> str:
    """``张三`` → ``张*``; compound surnames stay whole, other scripts keep their first letter."""
    name = name.strip()
    if not name:
        return ""
    return f"{name[:2] if name[:2] in _COMPOUND_SURNAMES else name[0]}*"


def mask_phone(phone: str) -> str:
    """``13812341234`` → ``138****1234``; other numbers keep at most their last four digits."""
    digits = re.sub(r"\D", "", phone.translate(_NARROW))
    mobile = _MOBILE.fullmatch(digits)
    if mobile:
        return f"{mobile[1][:3]}****{mobile[1][-4:]}"
    return f"****{digits[-4:]}" if len(digits) > 7 else "****" if digits else ""


def mask_id_number(number: str) -> str:
    """First three and last four signs of an identity number stay: ``441****1234``."""
    number = number.strip()
    return f"{number[:3]}****{number[-4:]}" if len(number) >= 12 else "****" if number else ""


def mask_text(text: str) -> str:
    """Mask phones, identity numbers, bank cards, number plates and e-mail addresses in free text.

    Full-width digits and numbers written with spaces or hyphens are found too. Identity numbers and bank cards
    must have a right check digit, so case numbers, amounts and area codes stay readable.
    """
    if _SUSPECT.search(text) is None:
        return text
    text = _mask_numbers(text)
    narrow = text.translate(_NARROW)
    for pattern, mask in ((_EMAIL, _mask_email), (_PLATE, _mask_plate)):
        for match in reversed(list(pattern.finditer(narrow))):
            text = text[: match.start()] + mask(match[0]) + text[match.end() :]
        narrow = text.translate(_NARROW)
    return text


def is_id_number(number: str) -> bool:
    """Whether this is an 18-sign resident identity number with a right check sign (GB 11643-1999)."""
    number = number.upper()
    if not re.fullmatch(r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]", number):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(number, _ID_WEIGHTS, strict=False))
    return _ID_CHECK[total % 11] == number[-1]


def is_bank_card(number: str) -> bool:
    """Whether this is a 15- to 19-digit card number with a right Luhn digit (ISO/IEC 7812)."""
    if not (number.isdigit() and 15 <= len(number) <= 19 and number[0] in "3456"):
        return False
    doubled = (int(d) * 2 if i % 2 else int(d) for i, d in enumerate(reversed(number)))
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _mask_numbers(text: str) -> str:
    narrow = text.translate(_NARROW)
    for match in reversed(list(_NUMBER.finditer(narrow))):
        masked = _mask_number(match[0])
        if masked is not None:
            text = text[: match.start()] + masked + text[match.end() :]
    return text


def _mask_number(found: str) -> str | None:
    compact = found.replace(" ", "").replace("-", "")
    if len(compact) < _SHORTEST:
        return None
    if is_id_number(compact):
        return mask_id_number(compact)
    if _MOBILE.fullmatch(compact):
        return mask_phone(compact)
    if is_bank_card(compact):
        return f"****{compact[-4:]}"
    if _LANDLINE.fullmatch(compact):
        return mask_phone(compact)
    if re.fullmatch(r"[1-9]\d{5}[2-9]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}", compact):
        return mask_id_number(compact)
    return _mask_parts(found)


def _mask_parts(found: str) -> str | None:
    """Several numbers written next to each other are masked one by one."""
    parts = re.split(r"([ -]+)", found)
    if len(parts) == 1:
        return None
    changed = [_mask_number(part) or part if index % 2 == 0 else part for index, part in enumerate(parts)]
    return "".join(changed) if changed != parts else None


def _mask_email(found: str) -> str:
    return f"{found[0]}***@{found.partition('@')[2]}"


def _mask_plate(found: str) -> str:
    return f"{found[:2]}***{found[-2:]}"
