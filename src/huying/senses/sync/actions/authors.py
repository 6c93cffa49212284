"""Who acts for an operation: its sender with the duties of a day, asked once a person and day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from huying.ground.organisation.access import actor_for
from huying.ground.organisation.models import Person
from huying.kernel.actor import Actor
from huying.kernel.clock import local_day

from .. import rules
from ..models import Operation


def works(actor: Actor) -> bool:
    """Whether somebody has a duty in the field."""
    return bool(actor.duties_of(*rules.FIELD_ROLES))


class Authors:
    """The people behind some operations. ``given`` says who acts for a person, whatever the day it arrived."""

    def __init__(self, given: Mapping[int, Actor]) -> None:
        self._given = given
        self._people: dict[int, Person] = {}
        self._known: dict[tuple[int, date], Actor] = {}

    def of(self, row: Operation) -> Actor:
        """The person who sent it, with the duties of the day it arrived, or, when their duty in the field had ended by then,
        with those of the day it was done. No query for a day that was asked about before."""
        sender = self._given.get(row.person_id) or self._on(row.person_id, row.received_at)
        if works(sender):
            return sender
        then = self._on(row.person_id, row.at_true)
        return then if works(then) else sender

    def _on(self, person_id: int, moment: datetime) -> Actor:
        key = (person_id, local_day(moment))
        if key not in self._known:
            person = self._person(person_id)
            actor = actor_for(person.user, now=moment)
            if actor.person_id != person_id:
                actor = Actor("staff", f"person:{person_id}", person.name, person_id=person_id)
            self._known[key] = actor
        return self._known[key]

    def _person(self, person_id: int) -> Person:
        if person_id not in self._people:
            self._people[person_id] = Person.objects.select_related("user").get(pk=person_id)
        return self._people[person_id]
