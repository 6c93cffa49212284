"""From what a phone sent to operations: each is checked by itself, so that a damaged one does not hold up the others.

And from a bundle to its files: where one ends is known only while all its lengths are true, so it is read whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import orjson
from django.utils.translation import gettext as _

from huying.kernel.errors import Invalid

from . import rules

_MOST_HEAD: Final = 8 * 1024
_HIGHEST: Final = 2**62
_LONGEST_KIND: Final = 40


@dataclass(frozen=True, slots=True)
class Sent:
    """One operation as sent. ``digest`` is the SHA-256 of all it says, the same however its keys are ordered."""

    id: UUID
    seq: int
    kind: str
    subject: UUID | None
    base: int | None
    branch: UUID | None
    after: tuple[UUID, ...]
    at: datetime
    body: dict[str, Any]
    files: tuple[UUID, ...]
    digest: bytes

    def step(self, device_id: int) -> rules.Step:
        return rules.Step(self.id, device_id, self.seq, self.branch, self.after, self.files)


@dataclass(frozen=True, slots=True)
class Damaged:
    """What cannot be taken in, and why. ``id`` is what stood in its place, if that was a text."""

    id: str
    code: str
    message: str
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Whole:
    """One file of a bundle."""

    id: UUID
    media_type: str
    data: bytes


class _Wrong(Exception):
    def __init__(self, name: str) -> None:
        self.name = name


def read_operation(raw: Any) -> Sent | Damaged:
    """One entry of ``operations``."""
    if not isinstance(raw, dict):
        return Damaged("", "malformed", _("这一条的格式不对"))
    name = raw.get("id")
    named = name[:64] if isinstance(name, str) else ""
    try:
        body = _mapping(raw, "body")
        text = orjson.dumps(body)
        if len(text) > rules.MOST_BODY or _is_deep(body, text):
            return Damaged(named, "too_big", _("这一条的内容太大"), {"body": _("内容太大")})
        if b"\\u0000" in text:
            raise _Wrong("body")
        given = {
            "id": _uuid(raw, "id"),
            "seq": _whole(raw, "seq", least=1),
            "kind": _kind(raw),
            "subject": _uuid_or_none(raw, "subject"),
            "base": None if raw.get("base") is None else _whole(raw, "base", least=0),
            "branch": _uuid_or_none(raw, "branch"),
            "after": _uuids(raw, "after"),
            "at": moment(raw.get("at"), "at"),
            "files": _uuids(raw, "files"),
        }
    except _Wrong as wrong:
        return Damaged(named, "malformed", _("这一条的格式不对"), {wrong.name: _("格式不对")})
    except (TypeError, ValueError, RecursionError):  # numbers or texts that are no JSON
        return Damaged(named, "malformed", _("这一条的格式不对"), {"body": _("格式不对")})
    content = orjson.dumps({**given, "body": body}, option=orjson.OPT_SORT_KEYS)
    return Sent(**given, body=body, digest=sha256(content).digest())


def _is_deep(body: Mapping[str, Any], text: bytes) -> bool:
    """Most bodies open fewer lists and objects in all than may stand in one another: these need not be walked."""
    return text.count(b"{") + text.count(b"[") > rules.MOST_DEPTH and rules.depth(body) > rules.MOST_DEPTH


def read_bundle(content: bytes) -> list[Whole]:
    """The files of a bundle: a line of JSON, ``[{"id", "size", "type"}, …]``, then their bytes one behind the other.

    Raises Invalid for anything else: other lengths than the line says, the same id twice, none or too many.
    """
    end = content.find(b"\n", 0, _MOST_HEAD)
    try:
        listed = orjson.loads(content[:end]) if end > 0 else None
        if not isinstance(listed, list) or not 1 <= len(listed) <= rules.MOST_BUNDLED:
            raise _Wrong("files")
        files, start = [], end + 1
        for raw in listed:
            size = _whole(raw, "size", least=1) if isinstance(raw, dict) else 0
            if not 0 < size <= rules.MOST_PART or not isinstance(raw.get("type"), str):
                raise _Wrong("files")
            files.append(Whole(_uuid(raw, "id"), raw["type"], content[start : start + size]))
            start += size
    except (_Wrong, ValueError) as error:
        raise _bad_bundle() from error
    if start != len(content) or len({one.id for one in files}) != len(files):
        raise _bad_bundle()
    return files


def _bad_bundle() -> Invalid:
    return Invalid(_("这一批文件的长度或编号不对"), code="bad_bundle", field="files", hint=_("请一个一个地送"))


def moment(value: Any, name: str = "sent_at") -> datetime:
    """A moment in ISO 8601 with its offset from UTC."""
    if not isinstance(value, str) or len(value) > 40:
        raise _Wrong(name)
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise _Wrong(name) from error
    if found.tzinfo is None or not 1970 < found.year < 9000:
        raise _Wrong(name)
    return found


def sent_at(value: Any) -> datetime | None:
    """The device's clock when it sent, or None when it did not say, or said it wrongly."""
    try:
        return moment(value)
    except _Wrong:
        return None


def _mapping(raw: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = raw.get(name, {})
    if not isinstance(value, dict):
        raise _Wrong(name)
    return value


def _uuid(raw: Mapping[str, Any], name: str) -> UUID:
    return _as_uuid(raw.get(name), name)


def _uuid_or_none(raw: Mapping[str, Any], name: str) -> UUID | None:
    value = raw.get(name)
    return None if value is None else _as_uuid(value, name)


def _as_uuid(value: Any, name: str) -> UUID:
    if not isinstance(value, str) or len(value) > 36:
        raise _Wrong(name)
    try:
        return UUID(value)
    except ValueError as error:
        raise _Wrong(name) from error


def _uuids(raw: Mapping[str, Any], name: str) -> tuple[UUID, ...]:
    value = raw.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > rules.MOST_NAMED:
        raise _Wrong(name)
    return tuple(dict.fromkeys(_as_uuid(one, name) for one in value))


def _whole(raw: Mapping[str, Any], name: str, *, least: int) -> int:
    value = raw.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value < _HIGHEST:
        raise _Wrong(name)
    return value


def _kind(raw: Mapping[str, Any]) -> str:
    value = raw.get("kind")
    if not isinstance(value, str) or not 1 <= len(value) <= _LONGEST_KIND or not value.isprintable():
        raise _Wrong("kind")
    return value
