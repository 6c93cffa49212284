"""What handlers of facts share: whose they are, when, where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from huying.casework.cases.facts import CaseFact
from huying.casework.cases.models import Case

from .actions.running import stop_clocks


def cases_of(facts: Iterable[CaseFact]) -> list[int]:
    return [fact.case_id for fact in facts]


def grouped(facts: Sequence[CaseFact]) -> Iterable[tuple[datetime, str, list[int]]]:
    """Facts by moment and author: one group in practice, and always correct."""
    found: dict[tuple[datetime, str], list[int]] = {}
    for fact in facts:
        found.setdefault((fact.at, fact.by), []).append(getattr(fact, "assignment_id", None) or fact.case_id)
    return [(at, by, ids) for (at, by), ids in found.items()]


def areas_of(case_ids: Sequence[int]) -> dict[int, str]:
    rows = Case.objects.filter(pk__in=case_ids).values_list("pk", "grid", "community", "town")
    return {pk: grid or community or town for pk, grid, community, town in rows}


def stop_all(facts: Sequence[CaseFact], why: str) -> None:
    for at, _by, ids in grouped(facts):
        stop_clocks(ids, at=at, why=why)
