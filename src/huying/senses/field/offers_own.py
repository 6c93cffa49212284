"""What a phone holds of its worker's own record: filled forms and how they stand, and what their work was judged."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson

from huying.kernel.clock import local_day
from huying.kernel.clock import now as clock_now
from huying.senses.sync.doors import Scope, Whole, offers

from . import queries, queries_checks, queries_own, words
from .models import VERDICTS
from .offers import both, mark_of
from .queries_checks import Judged
from .queries_own import Filled


@offers("filled", order=6)
def own_forms(scope: Scope) -> Whole:
    """My own last filled forms: what was found, whether they were corrected, until when I may correct them."""
    window = timedelta(hours=queries.policy_on(local_day(clock_now())).amend_hours)
    found = [(str(one.uid), _filled(one, window, scope.person_id)) for one in queries_own.own_filled(scope.person_id)]
    return _whole(found)


@offers("judged", order=7)
def own_verdicts(scope: Scope) -> Whole:
    """What my work was judged, by whom and why, and what I said to it."""
    rows = queries_checks.judged_of(scope.person_id)
    return _whole([(f"{one.about}-{one.id}", _judged(one)) for one in rows])


def _whole(found: list[tuple[str, dict[str, Any]]]) -> Whole:
    told = [(one, 1, body) for one, body in found]
    return Whole(mark_of(orjson.dumps(told)), lambda: told)


def _filled(one: Filled, window: timedelta, person_id: int) -> dict[str, Any]:
    last = one.last
    return {
        "form": one.form,
        "version": one.version,
        "title": one.title,
        "subject": {"kind": one.subject[0], "uid": str(one.subject[1])} if one.subject is not None else None,
        "at": one.ended_at.isoformat(),
        "until": (one.received_at + window).isoformat(),
        "corrections": one.corrections,
        "last": None
        if last is None
        else {
            "by": last["name"],
            "mine": last["by"] == f"person:{person_id}",
            "at": datetime.fromisoformat(last["at"]).isoformat(),
            "reason": last["reason"],
        },
        "findings": [
            {
                "label": each["label"],
                "state": both(words.FINDINGS.get(each["state"], each["state"])),
                "number": each["number"],
            }
            for each in one.found
        ],
        "dispute": one.dispute,
    }


def _judged(one: Judged) -> dict[str, Any]:
    said = dict(VERDICTS).get(one.verdict) or words.RESULTS.get(one.verdict, one.verdict)
    return {
        "about": one.about,
        "id": one.id,
        "title": one.title,
        "at": one.at.isoformat(),
        "verdict": one.verdict,
        "verdict_words": both(said),
        "words": one.words,
        "by": one.by,
        "judged_at": one.judged_at.isoformat(),
        "answer": one.answer,
        "may_answer": one.may_answer,
    }
