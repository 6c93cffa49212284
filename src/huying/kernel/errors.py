"""Errors that speak: what was wrong, where, and what to do, in the user's language.

Actions raise these and nothing else on purpose; pages show ``message`` and ``hint``, the API answers with
``problem()``, which follows RFC 9457 (Problem Details for HTTP APIs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise


class HuyingError(Exception):
    """Base of all errors meant for people.

    ``code`` is stable and machine-readable, ``message`` says what is wrong, ``hint`` what to do about it,
    ``field`` which input it concerns. Messages may be lazy translations; they are rendered when shown.
    """

    status: ClassVar[int] = 400
    default_code: ClassVar[str] = "error"
    default_message: ClassVar[StrOrPromise] = _("出错了")

    def __init__(
        self,
        message: StrOrPromise = "",
        *,
        code: str = "",
        hint: StrOrPromise = "",
        field: str | None = None,
    ) -> None:
        self.message: StrOrPromise = message or self.default_message
        self.code = code or self.default_code
        self.hint: StrOrPromise = hint
        self.field = field
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def problem(self, instance: str = "") -> dict[str, Any]:
        """The RFC 9457 body, in the language active now. ``instance`` is the address that was asked for."""
        body: dict[str, Any] = {
            "type": f"urn:huying:problem:{self.code}",
            "title": str(self.message),
            "status": self.status,
            "code": self.code,
        }
        if self.hint:
            body["detail"] = str(self.hint)
        if instance:
            body["instance"] = instance
        if self.field:
            body["field"] = self.field
        return body


class Refused(HuyingError):
    """A rule forbids this now: the wrong state, a limit used up, evidence missing."""

    status = 409
    default_code = "refused"
    default_message = _("现在不能这样做")


class Conflict(Refused):
    """Somebody was faster; reload and decide again."""

    default_code = "conflict"
    default_message = _("别人刚刚改过这条记录，请刷新后再试")


class Invalid(HuyingError):
    """The input is wrong. ``fields`` maps field names to messages."""

    status = 422
    default_code = "invalid"
    default_message = _("填写的内容有误")

    def __init__(
        self,
        message: StrOrPromise = "",
        *,
        fields: Mapping[str, StrOrPromise] | None = None,
        code: str = "",
        hint: StrOrPromise = "",
        field: str | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint, field=field)
        self.fields: dict[str, StrOrPromise] = dict(fields or {})
        if field and field not in self.fields:
            self.fields[field] = self.message

    def problem(self, instance: str = "") -> dict[str, Any]:
        body = super().problem(instance)
        if self.fields:
            body["fields"] = {name: str(text) for name, text in self.fields.items()}
        return body


class NotFound(HuyingError):
    """There is no such thing, or the actor may not know that there is."""

    status = 404
    default_code = "not_found"
    default_message = _("没有找到")


class Forbidden(HuyingError):
    """The actor may see the thing but not do this to it."""

    status = 403
    default_code = "forbidden"
    default_message = _("没有权限这样做")


def problem(error: BaseException, instance: str = "") -> dict[str, Any]:
    """The RFC 9457 body of any error; an unexpected one reveals nothing of its inside."""
    if isinstance(error, HuyingError):
        return error.problem(instance)
    body: dict[str, Any] = {
        "type": "urn:huying:problem:internal",
        "title": str(_("系统出错了，已记录")),
        "status": 500,
        "code": "internal",
        "detail": str(_("请稍后再试；如果一直这样，请联系管理员")),
    }
    if instance:
        body["instance"] = instance
    return body
