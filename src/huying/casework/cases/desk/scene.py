"""Everything a case's page is drawn from, read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from huying.ground.organisation.directory import Directory
from huying.kernel.actor import Actor

from .. import access, queries, rules, subjects, turns
from .. import queries_desk as reads
from ..models import Assignment, Case, Milestone
from ..rules import Action, Circumstance, Party, Refusal, State
from .inbox import knowledge

_Part = Assignment.State


@dataclass(slots=True)
class Scene:
    """One case as one actor sees it at one moment."""

    case: Case
    actor: Actor
    now: datetime
    known: Directory
    parties: frozenset[Party]
    facts: Circumstance
    allowed: list[Action]
    history: list[reads.Happened]
    beside: reads.Beside
    earlier: list[Case] = field(default_factory=list)

    @property
    def read_only(self) -> bool:
        """Whether the actor may only look."""
        return access.is_reader_only(self.actor) or not self.parties

    def own_parts(self) -> list[Assignment]:
        """Live parts of the units the actor stands for."""
        units = set(reads.own_units(self.actor, self.known))
        return [one for one in self.beside.parts if one.unit_id in units and one.state in Assignment.LIVE]

    def delivered_parts(self) -> list[Assignment]:
        return [one for one in self.beside.parts if one.state == _Part.DELIVERED]

    def open_milestones(self) -> list[Milestone]:
        running = self.beside.suspension
        if running is None or running.state != "running":
            return []
        return [one for one in running.milestones.all() if one.reached_at is None]

    def refusal(self, action: Action) -> str:
        """Why an action may not be taken now, as a code; "" when it may."""
        rule = rules.LIFECYCLE.get((State(self.case.state), action))
        needs = rule.needs if rule else ()
        answer = rules.decide(State(self.case.state), action, self.parties, self.facts, needs)
        return answer.code if isinstance(answer, Refusal) else ""


def read_scene(
    actor: Actor, case_id: int, *, now: datetime, around: bool = True, files: int = reads.SHOWN_FILES
) -> Scene:
    """The case with all that hangs on it; NotFound for strangers. ``around`` also reads its neighbourhood.

    Of its files at most so many of each stage and kind, the latest.
    """
    case = access.get_case(actor, case_id)
    parties = access.parties(actor, case)
    facts = turns.circumstance(case, actor, now)
    allowed = [] if access.is_reader_only(actor) else rules.open_to(State(case.state), parties, facts)
    case.standing = access.Standing(actor, parties, tuple(allowed))  # for the panels of the rooms above
    history = reads.history(case.pk)
    beside = reads.beside(case, (one.verb for one in history), files=files)
    case.about = tuple(subjects.marks(case, *beside.absorbed))
    scene = Scene(case, actor, now, knowledge(), parties, facts, allowed, history, beside)
    if around:
        _look_around(scene)
    return scene


def _look_around(scene: Scene) -> None:
    """The history of the place, as far as the actor may see it."""
    scene.earlier = queries.history_of_place(scene.case, actor=scene.actor)
