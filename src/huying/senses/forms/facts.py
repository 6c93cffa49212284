"""What the forms tell the rooms above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from huying.kernel.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class FormPublished(Fact):
    """A version is filled in from now on."""

    form: str
    version: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionFact(Fact):
    """``findings``: each {path, label{zh,en}, answer{zh,en}, item, severity, days, photos, solved, after_photos, reinspect,
    note}, photos being ids of stored files. ``registry``: {"premises.risk": value}; questions of a repeat as a list of such
    under the repeat's path."""

    submission_id: int
    op: UUID
    form: str
    kind: str
    task_uid: UUID | None
    subject_kind: str
    subject_uid: UUID | None
    area: str
    by: str
    at: datetime
    lon: float | None = None
    lat: float | None = None
    findings: Sequence[Mapping[str, Any]] = ()
    registry: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionReceived(SubmissionFact):
    """A filled form has come in, once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionAmended(SubmissionFact):
    """Somebody corrected what a submission says; ``findings`` and ``registry`` are as it says now.

    ``number``: which correction it is, from 1. ``author`` filled it in, ``by`` corrected it. ``registry_before``: what it
    told the registry until now, ``findings_before`` what had failed until now.
    """

    number: int
    reason: str
    author: str
    by_name: str
    ended_at: datetime
    registry_before: Mapping[str, Any] = field(default_factory=dict)
    findings_before: Sequence[Mapping[str, Any]] = ()
