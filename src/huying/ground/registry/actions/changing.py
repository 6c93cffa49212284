"""The one way in for changes: merged with what others said meanwhile, accepted by rule or kept for a person to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from django.utils.translation import gettext_lazy as _

from huying.ground.registry import access, likeness, rules
from huying.ground.registry.cleaning import check_whole, clean
from huying.ground.registry.deriving import area_of, check_refs, completed, load_refs
from huying.ground.registry.fields import FIELDS
from huying.ground.registry.merging import Dispute, Step, changed_since, merge
from huying.ground.registry.models import Change, Proposal, Receipt, Record
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day
from huying.kernel.errors import Conflict, Invalid, NotFound, Refused
from huying.kernel.facts import Fact, publish
from huying.kernel.locks import lock_name

from .following import close_other_home, follow
from .writing import Author, alter, bear, known_kind, locked, said

State = Literal["applied", "waiting", "conflict"]
Review = Literal["auto", "always"]


@dataclass(frozen=True, slots=True)
class Changed:
    """What came of a change. ``conflicts``: {field: (theirs, mine)}; a conflict may stand beside applied fields."""

    state: State
    uid: UUID
    version: int
    conflicts: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    proposal_id: int | None = None


def change(
    *, actor: Actor, now: datetime, kind: str, uid: UUID, base: int, changes: Mapping[str, Any], source: str,
    op: UUID | None = None, branch: UUID | None = None, review: Review = "auto",
) -> Changed:  # fmt: skip
    """Say new values of a record; an unknown uid with base 0 is a birth.

    ``base`` is the version the author saw. Sending the same ``op`` again answers the same and writes nothing. Raises Invalid
    naming the field, NotFound for what the author may not see, Conflict for an identity number registered already.
    """
    known_kind(kind)
    cleaned = clean(kind, changes)
    author = Author(actor=actor, now=now, source=source, op=op, branch=branch, base=base)
    with said():
        lock_name(f"registry {uid}")
        if op is not None and (answered := _answered(op, kind, uid)) is not None:
            return answered
        row = locked(kind, uid)
        facts: list[Fact] = []
        done = _born(kind, uid, cleaned, author, review, facts) if row is None else _changed(
            row, cleaned, author, review, facts
        )  # fmt: skip
        if op is not None:
            Receipt.objects.create(
                op=op,
                kind=kind,
                subject=uid,
                state=done.state,
                version=done.version,
                proposal_id=done.proposal_id,
                at=now,
            )
        publish(*facts)
    return done


def _answered(op: UUID, kind: str, uid: UUID) -> Changed | None:
    receipt: Receipt | None = Receipt.objects.select_related("proposal").filter(pk=op).first()
    if receipt is None:
        return None
    if (receipt.kind, receipt.subject) != (kind, uid):
        raise Conflict(_("这个操作编号已用于另一条信息"), code="op_reused")
    conflicts: dict[str, tuple[Any, Any]] = {}
    if receipt.state == "conflict" and receipt.proposal is not None and receipt.proposal.values:
        said_then = orjson.loads(receipt.proposal.values)
        conflicts = {name: (one["theirs"], one["mine"]) for name, one in said_then.items()}
    state: Any = receipt.state
    return Changed(state, receipt.subject, receipt.version, conflicts, receipt.proposal_id)


# --- births ------------------------------------------------------------------------------------------------------


def _born(
    kind: str, uid: UUID, cleaned: dict[str, Any], author: Author, review: Review, facts: list[Fact]
) -> Changed:  # fmt: skip
    if author.base:
        raise NotFound(_("没有这条信息"))
    values = completed(kind, cleaned)
    area = _area_of_birth(kind, values, author)
    if not (access.may(author.actor, access.PROPOSE, area) or _proposes_somewhere(author.actor)):
        access.require_over(author.actor, access.PROPOSE, area)
    why = "review" if review == "always" else _why_birth_waits(kind, values, area, author.actor)
    if why:
        wished = {name: Dispute(None, None, value) for name, value in values.items()}
        proposal = _propose(kind, uid, area, wished, why, Proposal.State.WAITING, author)
        return Changed("waiting", uid, 0, {}, proposal.pk)
    birth(kind, uid, values, author, facts, area)
    return Changed("applied", uid, 1)


def birth(kind: str, uid: UUID, values: dict[str, Any], author: Author, facts: list[Fact], area: str = "") -> Record:
    """Write down something new with all that follows. Refused when the same identity stands in the registry already."""
    likeness.refuse_known(author.actor, kind, values)
    if kind == "residence":
        facts += close_other_home(values, author)
    row, said_so = bear(kind, uid, values, author, fallback=area)
    facts += said_so
    facts += follow(row, [name for name, value in values.items() if value not in (None, "")], {}, author)
    likeness.note_likenesses([row], author.now)
    return row


def _area_of_birth(kind: str, values: Mapping[str, Any], author: Author) -> str:
    """Where the record would lie: by its point or what it points to, else the author's own smallest area."""
    whole = {name: values.get(name, one.empty) for name, one in FIELDS[kind].items()}
    check_whole(kind, whole)
    refs = load_refs(kind, [whole])
    check_refs(kind, whole, refs, whole)
    own = max(access.areas(author.actor, access.PROPOSE), key=len, default="")
    return area_of(kind, whole, refs, local_day(author.now)) or own


def _why_birth_waits(kind: str, values: Mapping[str, Any], area: str, actor: Actor) -> str:
    if access.may(actor, access.DECIDE, area):
        return ""
    here = access.may(actor, access.PROPOSE, area)
    return rules.waits_for(rules.Wish(kind, "", None, None, birth=True, here=here))


def _proposes_somewhere(actor: Actor) -> bool:
    return bool(access.areas(actor, access.PROPOSE))


# --- changes -----------------------------------------------------------------------------------------------------


def _changed(
    row: Record, cleaned: dict[str, Any], author: Author, review: Review, facts: list[Fact]
) -> Changed:  # fmt: skip
    may_touch(row, author.actor)
    if row.state == "merged":
        raise Invalid(_("这条信息已并入另一条，请在那一条上修改"), code="merged", hint=str(row.merged_into_id))
    if row.ending == "erased":
        raise Refused(_("此人的个人信息已按规定删除"), code="erased")
    current = row.values()
    merged = merge(
        current, cleaned, changed_since(history_of(row, author.base, author.branch), author.base, author.branch)
    )
    at_once, waiting = _sorted_by_rule(row, current, merged.taken, author, review)
    if at_once:
        write(row, at_once, author, facts)
    if waiting:
        why = next(iter(waiting.values()))[0]
        wished = {name: Dispute(current[name], current[name], value) for name, (_why, value) in waiting.items()}
        waits = _propose(row.KIND, row.uid, row.area, wished, why, Proposal.State.WAITING, author)
    if merged.disputed:
        disputed = _propose(row.KIND, row.uid, row.area, merged.disputed, "conflict", Proposal.State.CONFLICT, author)
        conflicts = {name: (one.theirs, one.mine) for name, one in merged.disputed.items()}
        return Changed("conflict", row.uid, row.version, conflicts, disputed.pk)
    if waiting:
        return Changed("waiting", row.uid, row.version, {}, waits.pk)
    return Changed("applied", row.uid, row.version)


def write(row: Record, taken: Mapping[str, Any], author: Author, facts: list[Fact]) -> None:
    """New values of a locked record with all that follows."""
    before = {"area": row.area, "address": getattr(row, "address", ""), "state": row.state}
    if row.KIND in ("person", "organisation"):
        likeness.refuse_known(author.actor, row.KIND, taken, but=row.uid)
    if row.KIND == "residence" and ("ending" in taken or "until" in taken or "premises" in taken):
        whole = {**row.values(), **taken}
        if not whole.get("ending") and not whole.get("until") and row.value("until"):
            facts += close_other_home(whole, author)
    facts += alter(row, taken, author)
    facts += follow(row, taken, before, author)


def history_of(row: Record, base: int, branch: UUID | None) -> list[Step]:
    """The steps that merging asks about, with private values opened; no query when there can be none."""
    if base > row.version:
        raise Invalid(_("这个版本还不存在，请先同步"), code="unknown_version", field="base")
    newer = Change.objects.filter(kind=row.KIND, subject=row.uid).order_by("version")
    if branch is None:
        newer = newer.filter(version__gt=base)
    return [] if branch is None and base == row.version else [_step(one) for one in newer]


def _step(one: Change) -> Step:
    values = {**one.plain, **(orjson.loads(one.private) if one.private else {})}
    pairs = {name: (values[name][0], values[name][1]) for name in one.fields if name in values}
    return Step(one.version, one.base, one.branch, pairs)


def may_touch(row: Record, actor: Actor) -> None:
    """A stranger gets 404; who sees but may not propose is refused."""
    capability = access.CARE if row.KIND == "care" else access.VIEW
    if not access.may(actor, capability, row.area):
        raise NotFound(_("没有这条信息"))
    access.require_over(actor, access.PROPOSE, row.area)


def _sorted_by_rule(
    row: Record, current: Mapping[str, Any], taken: Mapping[str, Any], author: Author, review: Review
) -> tuple[dict[str, Any], dict[str, tuple[str, Any]]]:
    """What is taken at once, and what waits with the reason."""
    if not taken:
        return {}, {}
    if review == "always":
        return {}, {name: ("review", value) for name, value in taken.items()}
    target = _area_after(row, current, taken, author)
    if all(access.may(author.actor, access.DECIDE, area) for area in (row.area, target)):
        return dict(taken), {}
    here = access.may(author.actor, access.PROPOSE, target)
    at_once: dict[str, Any] = {}
    waiting: dict[str, tuple[str, Any]] = {}
    for name, value in taken.items():
        wish = rules.Wish(row.KIND, name, current[name], value, here=here or not _moves(row.KIND, name),
                          holder=str(current.get("kind", "")))  # fmt: skip
        why = rules.waits_for(wish)
        if why:
            waiting[name] = (why, value)
        else:
            at_once[name] = value
    if "ending" in waiting and "ended_on" in at_once:
        waiting["ended_on"] = (waiting["ending"][0], at_once.pop("ended_on"))
    return at_once, waiting


def _moves(kind: str, name: str) -> bool:
    return name in ("lon", "lat") or FIELDS[kind][name].type == "ref"


def _area_after(row: Record, current: Mapping[str, Any], taken: Mapping[str, Any], author: Author) -> str:
    if not any(_moves(row.KIND, name) for name in taken):
        return row.area
    whole = {**current, **taken}
    return area_of(row.KIND, whole, load_refs(row.KIND, [whole]), local_day(author.now)) or row.area


def _propose(
    kind: str, uid: UUID, area: str, wished: Mapping[str, Dispute], why: str, state: str, author: Author
) -> Proposal:  # fmt: skip
    values = {name: {"base": one.base, "theirs": one.theirs, "mine": one.mine} for name, one in wished.items()}
    return Proposal.objects.create(
        kind=kind, subject=uid, area=area, base=author.base, state=state, fields=sorted(wished),
        values=orjson.dumps(values).decode(), why=why, author=author.ref or author.actor.ref,
        author_name=author.name or author.actor.name, at=author.now, source=author.source, op=author.op,
    )  # fmt: skip
