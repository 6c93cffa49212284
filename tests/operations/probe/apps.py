from __future__ import annotations

from datetime import datetime

from django.apps import AppConfig


class Probe(AppConfig):
    name = "tests.operations.probe"
    label = "probe"

    def ready(self) -> None:
        from huying.kernel import trace
        from huying.kernel.actor import Actor
        from huying.senses.sync.doors import Incoming, Outcome, applies

        @applies("probe")
        def mark(op: Incoming, *, actor: Actor, now: datetime) -> Outcome:
            body = {"seq": op.seq, "files": len(op.files)}
            trace.record([trace.Draft(chain=f"probe:{op.branch}", verb="probe", actor=actor, at=now, body=body)])
            return Outcome("applied", made={"seq": op.seq})
