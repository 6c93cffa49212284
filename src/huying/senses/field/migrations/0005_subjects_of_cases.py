"""Cases opened before they kept what they are about: those of findings and of alarms name it now, as they would today.

Where records were merged before this, the mark ``via:<uid>:<uid>`` says which one came by that, so that undoing takes it off.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.db import migrations, transaction

BATCH = 1000
SUBJECTS = ("premises", "organisation", "facility")


def name_subjects(apps: Any, _editor: Any) -> None:
    """A second run changes nothing; what a case names already stays, in its order."""
    for kind, name in zip(SUBJECTS, ("Premises", "Organisation", "Facility"), strict=True):
        _mark_merged(apps, kind, apps.get_model("registry", name).objects.filter(merged_into__isnull=False))
    _each(apps, apps.get_model("field", "Finding").objects.all(), _of_findings)
    _each(apps, apps.get_model("alarms", "Alarm").objects.select_related("device"), _of_alarms)


def _each(apps: Any, rows: Any, read: Any) -> None:
    """Batches by number, each in a transaction of its own."""
    last = 0
    while batch := list(rows.filter(case__isnull=False, pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        with transaction.atomic():
            _write(apps, read(batch))


def _mark_merged(apps: Any, kind: str, merged: Any) -> None:
    """Cases that name a merged record and the one it went into, without a word of why, came by the second through the first.

    Unless a finding or an alarm of theirs is about the second itself: then they named it, as far as anybody can tell today.
    """
    last = None
    rows = merged.order_by("uid").values_list("uid", "merged_into")
    while batch := list((rows.filter(uid__gt=last) if last else rows)[:BATCH]):
        last = batch[-1][0]
        with transaction.atomic():
            _mark_batch(apps, kind, batch)


def _mark_batch(apps: Any, kind: str, pairs: list[tuple[Any, Any]]) -> None:
    case = apps.get_model("cases", "Case")
    gone = {f"{kind}:{uid}": (uid, kept) for uid, kept in pairs}
    rows = (
        case.objects.filter(subjects__overlap=list(gone)).select_for_update(no_key=True).order_by("pk").only("subjects")
    )
    held = list(rows)
    own = _named_themselves(apps, [row.pk for row in held])
    changed = []
    for row in held:
        marks = list(row.subjects)
        for uid, kept in [gone[one] for one in marks if one in gone]:
            into = f"{kind}:{kept}"
            if into in marks and into not in own[row.pk]:
                marks.append(_via(uid, kept))
        marks = list(dict.fromkeys(marks))
        if marks != row.subjects:
            row.subjects = marks
            changed.append(row)
    case.objects.bulk_update(changed, ["subjects"])


def _named_themselves(apps: Any, cases: list[int]) -> dict[int, set[str]]:
    """The marks some cases have of their findings and alarms."""
    own = defaultdict(set)
    findings = apps.get_model("field", "Finding").objects.filter(case__in=cases)
    alarms = apps.get_model("alarms", "Alarm").objects.filter(case__in=cases).select_related("device")
    for found in (_of_findings(findings), _of_alarms(alarms)):
        for pk, pairs in found.items():
            own[pk] |= {f"{kind}:{key}" for kind, key in pairs}
    return own


def _via(gone: Any, kept: Any) -> str:
    return f"via:{gone.hex}:{kept.hex}"


def _of_findings(batch: Iterable[Any]) -> dict[int, list[tuple[str, Any]]]:
    named = defaultdict(list)
    for row in batch:
        named[row.case_id] += [(row.subject_kind, row.subject_uid), ("premises", row.premises_uid)]
    return named


def _of_alarms(batch: Iterable[Any]) -> dict[int, list[tuple[str, Any]]]:
    named = defaultdict(list)
    for row in batch:
        named[row.case_id] += [("device", row.device.code), ("premises", row.device.premises_uid)]
    return named


def _write(apps: Any, named: dict[int, list[tuple[str, Any]]]) -> None:
    case = apps.get_model("cases", "Case")
    kept = _kept(apps, {uid for pairs in named.values() for kind, uid in pairs if kind == "premises" and uid})
    rows = case.objects.filter(pk__in=named).select_for_update(no_key=True).order_by("pk").only("subjects")
    changed = []
    for row in rows:
        marks = list(row.subjects or ())
        pairs = [(kind, key) for kind, key in named[row.pk] if key and kind in (*SUBJECTS, "device")]
        marks = list(dict.fromkeys([*marks, *(f"{kind}:{key}" for kind, key in pairs)]))
        for kind, key in pairs:
            if kind == "premises":
                _follow(marks, [key, *kept.get(key, ())])
        if marks != (row.subjects or []):
            row.subjects = marks
            changed.append(row)
    case.objects.bulk_update(changed, ["subjects"])


def _follow(marks: list[str], chain: list[Any]) -> None:
    """As every step of the chain would be followed today: what a case names by itself is left as it is."""
    for gone, kept in pairwise(chain):
        into = f"premises:{kept}"
        brought = any(one.startswith("via:") and one.endswith(f":{kept.hex}") for one in marks)
        if into not in marks or brought:
            marks += [one for one in (into, _via(gone, kept)) if one not in marks]


def _kept(apps: Any, uids: set[Any]) -> dict[Any, list[Any]]:
    """What premises were merged into since, step by step: their page shows what was about those that are gone."""
    premises = apps.get_model("registry", "Premises").objects
    into: dict[Any, Any] = {}
    asked = uids
    while asked:
        found = dict(premises.filter(uid__in=asked, merged_into__isnull=False).values_list("uid", "merged_into"))
        into |= found
        asked = set(found.values()) - into.keys()
    chains = {}
    for uid in uids & into.keys():
        chain, here = [], uid
        while here in into and into[here] not in (uid, *chain):
            here = into[here]
            chain.append(here)
        chains[uid] = chain
    return chains


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("field", "0004_disputes"),
        ("alarms", "0003_ends_and_claims"),
        ("cases", "0007_subjects"),
        ("registry", "0003_list_indexes"),
    ]

    operations = [migrations.RunPython(name_subjects, migrations.RunPython.noop)]
