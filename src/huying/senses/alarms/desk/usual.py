"""What is usual for a device, as far as its rules have learned it, in words."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _

from huying.senses.devices.desk.frame import unit_words, value_words
from huying.senses.devices.kinds import kinds
from huying.senses.devices.models import Device

from ..engine import Engine, Learned, Rule
from . import history


def usual_of(device: Device, rules: Sequence[Rule]) -> dict[str, list[str]]:
    """By code of those rules that compare with what is usual: how far learning has come. No query.

    What is usual of a private field (a heart rate) is private too: only that it is known.
    """
    learning = [one for one in rules if one.active and one.test.baseline is not None]
    if not learning:
        return {}
    found = Engine(learning, kinds()[device.kind].fields).learning(history.remembered(device))
    said: dict[str, list[str]] = {}
    for rule in learning:
        for field in rule.test.fields:
            name = rule.code if len(rule.test.fields) < 2 else f"{rule.code}/{field}"
            said.setdefault(rule.code, []).append(_said(device, rule, field, found[name]))
    return said


def _said(device: Device, rule: Rule, field: str, learned: Learned) -> str:
    kind = kinds()[device.kind]
    if learned.enough:
        if field in kind.private_fields or learned.lowest is None or learned.highest is None:
            return _("平时的水平已经学会")
        of = kind.fields[field]
        least, most = value_words(of, learned.lowest), value_words(of, learned.highest)
        span = least if least == most else f"{least}–{most}"
        return _("平时的水平已经学会：%(span)s %(unit)s") % {"span": span, "unit": unit_words(of.unit)}
    baseline = rule.test.baseline
    until = _("学会以前先不报") if baseline is None or baseline.before == "quiet" else _("学会以前按读数本身判断")
    return _("正在学平时的水平，已学 %(share)s%%；%(until)s") % {"share": int(100 * learned.share), "until": until}
