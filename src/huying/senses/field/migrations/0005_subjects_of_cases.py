"""Cases opened before they kept what they are about: those of findings and of alarms name it now, as they would today."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db import migrations, transaction

BATCH = 1000
SUBJECTS = ("premises", "organisation", "facility")


def name_subjects(apps: Any, _editor: Any) -> None:
    """A second run changes nothing; what a case names already stays, in its order."""
    _each(apps, apps.get_model("field", "Finding").objects.all(), _of_findings)
    _each(apps, apps.get_model("alarms", "Alarm").objects.select_related("device"), _of_alarms)


def _each(apps: Any, rows: Any, read: Any) -> None:
    """Batches by number, each in a transaction of its own."""
    last = 0
    while batch := list(rows.filter(case__isnull=False, pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        with transaction.atomic():
            _write(apps, read(batch))


def _of_findings(batch: list[Any]) -> dict[int, list[tuple[str, Any]]]:
    named = defaultdict(list)
    for row in batch:
        named[row.case_id] += [(row.subject_kind, row.subject_uid), ("premises", row.premises_uid)]
    return named


def _of_alarms(batch: list[Any]) -> dict[int, list[tuple[str, Any]]]:
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
        for kind, key in named[row.pk]:
            if key and kind in (*SUBJECTS, "device"):
                marks += [f"{kind}:{one}" for one in (key, *kept.get(key, ()))]
        marks = list(dict.fromkeys(marks))
        if marks != (row.subjects or []):
            row.subjects = marks
            changed.append(row)
    case.objects.bulk_update(changed, ["subjects"])


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
