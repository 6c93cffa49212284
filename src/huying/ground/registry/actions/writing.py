"""How a record is written: once here, so that history, trace, facts and derived values never drift apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import DatabaseError, IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from huying.ground.registry.cleaning import check_whole
from huying.ground.registry.deriving import assign, check_refs, derive, load_refs
from huying.ground.registry.facts import CareBegan, CareEnded, PremisesRated, RegistryChanged
from huying.ground.registry.fields import FIELDS
from huying.ground.registry.models import MODELS, CareEntry, Change, Premises, Record, State
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Invalid
from huying.kernel.facts import Fact

_SAYS: dict[str, StrOrPromise] = {
    "registry_resident_id_once": _("这个身份证号已经登记过了"),
    "registry_organisation_code_once": _("这个统一社会信用代码已经登记过了"),
    "registry_residence_one_home": _("此人已有一处现住址"),
    "registry_careentry_once": _("此人已经在这份名单上"),
    "registry_premises_no_cycle": _("房屋场所不能放在它自己里面"),
    "registry_change_version_once": _("这条信息刚刚被别人改动"),
    "registry_change_op_once": _("这一步已经记录过了"),
    "registry_consent_once": _("这项同意已经记录过了"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who says something, when, from where and seeing what. ``ref`` and ``name`` may be a proposer's, not the actor's."""

    actor: Actor
    now: datetime
    source: str
    op: UUID | None = None
    branch: UUID | None = None
    base: int = 0
    ref: str = ""
    name: str = ""

    def follow(self) -> Author:
        """The same author for what follows from the change: without its operation, which stands for one row only."""
        return Author(actor=self.actor, now=self.now, source=self.source, ref=self.ref, name=self.name)


@contextmanager
def said() -> Iterator[None]:
    """One transaction whose constraint refusals come out as Conflict in words."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = broken(error)
        if name in _SAYS:
            raise Conflict(_SAYS[name], code=name, hint=_("请核对后再提交")) from error
        raise


def broken(error: DatabaseError) -> str:
    """The name of the constraint an error of the database is about, "" when it is about none."""
    return getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") or ""


def bear(
    kind: str, uid: UUID, values: Mapping[str, Any], author: Author, *, fallback: str = ""
) -> tuple[Record, list[Fact]]:
    """Write a record that was not there. Raises Invalid naming the field."""
    whole = {name: values.get(name, field.empty) for name, field in FIELDS[kind].items()}
    check_whole(kind, whole)
    refs = load_refs(kind, [whole])
    check_refs(kind, whole, refs, whole)
    row = MODELS[kind](uid=uid, created_at=author.now)
    _fill(row, whole, refs, author, fallback)
    row.save(force_insert=True)
    given = {name: (FIELDS[kind][name].empty, value) for name, value in whole.items() if value not in (None, "")}
    note(row, Change.Verb.BORN, given, author)
    return row, _facts(row, given, author)


def alter(row: Record, taken: Mapping[str, Any], author: Author) -> list[Fact]:
    """Write new values of a locked record: one version more, one step of history. Raises Invalid naming the field."""
    before = row.values()
    whole = {**before, **taken}
    check_whole(row.KIND, whole)
    refs = load_refs(row.KIND, [whole])
    check_refs(row.KIND, whole, refs, taken)
    was = row.state
    _fill(row, whole, refs, author, "")
    row.version += 1
    row.save()
    given = {name: (before[name], value) for name, value in taken.items() if before[name] != value}
    note(row, _verb(was, str(row.state)), given, author)
    return _facts(row, given, author)


def note(
    row: Record,
    verb: str,
    given: Mapping[str, tuple[Any, Any]],
    author: Author,
    *,
    more: Mapping[str, Any] | None = None,
) -> None:
    """One step of history and one entry of the trace, which holds the names of fields and never a value."""
    known = FIELDS[row.KIND]
    sealed = {name: list(pair) for name, pair in given.items() if known[name].private}
    Change.objects.create(
        kind=row.KIND,
        subject=row.uid,
        version=row.version,
        base=author.base,
        verb=verb,
        fields=sorted(given),
        plain={name: list(pair) for name, pair in given.items() if not known[name].private} | dict(more or {}),
        private=orjson.dumps(sealed).decode() if sealed else None,
        author=author.ref or author.actor.ref,
        author_name=author.name or author.actor.name,
        at=author.now,
        source=author.source,
        op=author.op,
        branch=author.branch,
    )
    body = {"kind": row.KIND, "version": row.version, "fields": sorted(given), "source": author.source}
    entry = trace.Draft(
        chain=f"registry:{row.uid}", verb=verb, actor=author.actor, at=author.now, body=body, new=row.version == 1
    )
    trace.append([entry])


def _fill(row: Record, whole: Mapping[str, Any], refs: Any, author: Author, fallback: str) -> None:
    today = local_day(author.now)
    assign(row, whole)
    derive(row, whole, refs, today=today, fallback=fallback)
    if row.state == State.ENDED and row.ended_on is None:
        row.ended_on = today
    row.checked_at, row.checked_by = author.now, author.ref or author.actor.ref


def _verb(was: str, now: str) -> str:
    if was == now:
        return Change.Verb.CHANGED
    return Change.Verb.ENDED if now == State.ENDED else Change.Verb.RETURNED


def _facts(row: Record, given: Mapping[str, tuple[Any, Any]], author: Author) -> list[Fact]:
    by = author.ref or author.actor.ref
    found: list[Fact] = [
        RegistryChanged(
            kind=row.KIND, uid=row.uid, version=row.version, area=row.area, by=by, at=author.now,
            state=str(row.state), fields=tuple(sorted(given)),
        )
    ]  # fmt: skip
    if isinstance(row, Premises) and "risk" in given:
        found.append(PremisesRated(uid=row.uid, risk=row.risk, area=row.area, at=author.now))
    if isinstance(row, CareEntry):
        found += _care_facts(row, given, author.now)
    return found


def _care_facts(row: CareEntry, given: Mapping[str, tuple[Any, Any]], now: datetime) -> Sequence[Fact]:
    if row.state == State.ENDED and "ending" in given:
        why = row.ending
        return [CareEnded(uid=row.uid, resident=row.resident_id, list=row.list, area=row.area, why=why, at=now)]
    if row.version == 1 or "ending" in given:
        return [CareBegan(uid=row.uid, resident=row.resident_id, list=row.list, area=row.area, at=now)]
    return []


def locked(kind: str, uid: UUID) -> Record | None:
    """The record, locked until the transaction ends, or None when there is none."""
    found: Record | None = MODELS[kind]._default_manager.select_for_update(of=("self",)).filter(uid=uid).first()
    return found


def known_kind(kind: str) -> None:
    if kind not in MODELS:
        raise Invalid(_("没有这一类信息"), code="unknown_kind", field="kind")
