"""What a place says otherwise: its own rules, one version after the other, none ever changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation.rules import is_area
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, Invalid, NotFound
from huying.senses.devices import access as devices
from huying.senses.devices.kinds import kinds
from huying.senses.devices.models import Device

from .. import access
from ..engine import Rule, RuleWrong, default_rules, parse_rule
from ..models import AlarmRule

_LONGEST_REASON: Final = 200


def known_fields() -> dict[str, dict[str, str]]:
    """The fields of the kinds of devices and their types, for checking a rule: ``{"smart_breaker": {"leak": "number"}}``."""
    return {code: {name: one.type for name, one in kind.fields.items()} for code, kind in kinds().items()}


def check_rule(raw: Any) -> Rule:
    """A rule in the grammar, or Invalid that says where it is wrong (``field``: ``steps[0].at_least``)."""
    try:
        return parse_rule(raw, known_fields())
    except RuleWrong as wrong:
        english = (translation.get_language() or "").startswith("en")
        words = wrong.words.en if english else wrong.words.zh
        raise Invalid(words, code="rule_wrong", field=wrong.path.removeprefix("rule.")) from wrong


def save_rule(
    body: Mapping[str, Any], *, area: str = "", device: str = "", reason: str, actor: Actor, now: datetime,
    seen: int | None = None,
) -> AlarmRule:  # fmt: skip
    """A rule for an area (a prefix of codes) or for one device, in force from now on; the one before stays as a version.

    ``seen`` is the version somebody has changed (0: none yet); Conflict when another was saved meanwhile. Raises Invalid for
    a rule the grammar does not know, Forbidden where the actor keeps no devices, NotFound for a stranger's device.
    """
    rule = check_rule(dict(body))
    where = _where(actor, area, device, rule.kind)
    return _save(rule.kind, rule.code, where, dict(body), off=False, reason=reason, actor=actor, now=now, seen=seen)


def drop_rule(
    device_kind: str, code: str, *, area: str = "", device: str = "", reason: str, actor: Actor, now: datetime,
    seen: int | None = None,
) -> AlarmRule:  # fmt: skip
    """Take a rule away in an area or for one device, also one that holds everywhere else. A version like every other."""
    where = _where(actor, area, device, device_kind)
    known = any(rule.code == code for rule in default_rules(device_kind))
    if not known and not AlarmRule.objects.filter(device_kind=device_kind, code=code).exists():
        raise NotFound(_("没有这条规则"), code="rule_not_found")
    return _save(device_kind, code, where, {}, off=True, reason=reason, actor=actor, now=now, seen=seen)


def restore_rule(row_id: int, *, reason: str, actor: Actor, now: datetime) -> AlarmRule:
    """Say again what an older version said."""
    old = access.visible_rules(actor).select_related("device").filter(pk=row_id).first()
    if old is None:
        raise NotFound(_("没有这条规则"), code="rule_not_found")
    area, device = old.area, old.device.code if old.device else ""
    if old.off:
        return drop_rule(old.device_kind, old.code, area=area, device=device, reason=reason, actor=actor, now=now)
    return save_rule(old.body, area=area, device=device, reason=reason, actor=actor, now=now)


def _where(actor: Actor, area: str, device: str, device_kind: str) -> tuple[str, Device | None]:
    """The place a rule is for, where the actor keeps devices."""
    if device_kind not in kinds():
        raise Invalid(_("没有这类设备"), code="kind_unknown", field="kind")
    if not device:
        if not is_area(area):
            raise Invalid(_("没有这个区域"), code="area_unknown", field="area")
        devices.require_over(actor, access.EDIT, area)
        return area, None
    found = devices.get(actor, device)
    devices.require_over(actor, access.EDIT, found.area)
    if found.kind != device_kind:
        raise Invalid(_("这条规则不是给这类设备的"), code="wrong_kind", field="kind")
    return "", found


def _save(
    device_kind: str, code: str, where: tuple[str, Device | None], body: dict[str, Any], *, off: bool, reason: str,
    actor: Actor, now: datetime, seen: int | None,
) -> AlarmRule:  # fmt: skip
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        raise Invalid(_("请写明事由，不超过 200 个字"), code="required", field="reason")
    area, device = where
    same = {"code": code, "device_kind": device_kind, "device": device, "area": area}
    try:
        with transaction.atomic():
            last = AlarmRule.objects.select_for_update().filter(**same, current=True).first()
            version = last.version if last else 0
            if seen is not None and seen != version:
                raise Conflict()
            if last is not None:
                last.current = False
                last.save(update_fields=["current"])
            row = AlarmRule.objects.create(
                **same, version=version + 1, body=body, off=off, reason=reason.strip(), valid_from=now,
                by=actor.ref, by_name=actor.name[:80],
            )  # fmt: skip
            place = f"device:{device.code}" if device else area or "all"
            entry = {"code": code, "version": row.version, "off": off, "body": body, "reason": row.reason}
            chain = f"alarm-rule:{device_kind}:{place}"
            trace.record([trace.Draft(chain=chain, verb="rule", actor=actor, at=now, body=entry)])
    except IntegrityError as error:
        raise Conflict() from error
    return row
