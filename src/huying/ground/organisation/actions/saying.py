"""What all actions here share: one transaction, refusals of the database put into words, one trace entry."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from huying.ground.organisation import rules
from huying.ground.organisation.models import Unit
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, Invalid, NotFound

_SAYS: dict[str, StrOrPromise] = {
    "appointment_no_overlap": _("这个人在同一单位、同一岗位、同一范围的任职时间有重叠"),
    "shift_no_double_booking": _("这个人在这段时间已经排了班"),
    "responsibility_no_overlap": _("这个事项在这个范围已经有一条有效的责任清单"),
    "admission_no_overlap": _("这个事项在这个范围已经准入"),
    "unit_path_follows_parent": _("上级单位刚刚被改动"),
    "organisation_unit_code_key": _("单位代码已被使用"),
    "organisation_person_number_key": _("工号已被使用"),
}


@contextmanager
def said() -> Iterator[None]:
    """One transaction whose constraint refusals come out as Conflict in words."""
    try:
        with transaction.atomic():
            yield
            # The path guard would otherwise speak only at commit, outside these words.
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS unit_path_follows_parent IMMEDIATE")
                cursor.execute("SET CONSTRAINTS unit_path_follows_parent DEFERRED")
    except IntegrityError as error:
        for name, words in _SAYS.items():
            if name in str(error):
                raise Conflict(words, code=name, hint=_("请核对后再提交")) from error
        raise


def note(*, chain: str, verb: str, actor: Actor, now: datetime, body: dict[str, Any], new: bool = False) -> None:
    """One trace entry."""
    trace.record([trace.Draft(chain=chain, verb=verb, actor=actor, at=now, body=body, new=new)])


def locked(unit_id: int) -> Unit:
    """The unit, locked against everybody else until the transaction ends."""
    unit: Unit | None = Unit.objects.select_for_update().filter(pk=unit_id).first()
    if unit is None:
        raise NotFound(_("没有这个单位"))
    return unit


def check_area(area: str, field: str = "area") -> None:
    if not rules.is_area(area):
        raise Invalid(_("范围应为空，或 2、4、6、9、12、15、17 位区划代码"), field=field)


def check_validity(valid_from: date, valid_to: date | None) -> None:
    if valid_to is not None and valid_to <= valid_from:
        raise Invalid(_("失效日期应晚于生效日期"), field="valid_to")
