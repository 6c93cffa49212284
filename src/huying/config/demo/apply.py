"""placeholder"""
from __future__ import annotations
from collections.abc import Sequence
from .acting import Stage, perform
from .script import Act

class Bulk:
    def __init__(self, stage: Stage) -> None:
        self.stage = stage
    def play(self, acts: Sequence[Act]) -> None:
        for act in acts:
            if act.source_id in self.stage.known:
                perform(act, self.stage)
    def forget(self) -> None:
        return None
