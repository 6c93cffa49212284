"""Alarms that ended for another reason than what the device says: its rules must not take them for still in force. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .grammar import State
from .judges import LEARNED
from .latches import QUIET

_URGENT = "~urgent"


def begun_anew(state: State) -> State:
    """The state of a device that did not count for a while: nothing is in force, what was learned of it stays.

    Whatever still stands is raised again by its next word, a condition that has to last from there on.
    """
    entries: dict[str, Any] = {}
    for key, entry in state["r"].items():
        if key.endswith(_URGENT):
            entries[key] = [entry[0], QUIET]
        elif entry[0] is not None:
            entries[key] = [entry[0], *[QUIET] * len(entry[1:])]
    return {**state, "r": entries, "a": {}}


def let_go(state: State, alarm: str, rule: str) -> State:
    """The state after a call of an urgent rule was ended by people: the same call told again stays known, the next is new."""
    entries = {
        key: [entry[0], QUIET] if key.endswith(_URGENT) and key.partition("~")[0].partition("/")[0] == rule else entry
        for key, entry in state["r"].items()
    }
    return {**state, "r": entries, "a": {code: severity for code, severity in state["a"].items() if code != alarm}}


def learned(state: State) -> dict[str, Any]:
    """What is usual of whom a device watches over, as :func:`relearned` takes it."""
    entries = state["r"].items()
    return {
        key: [entry[0], *[QUIET] * len(entry[1:])] for key, entry in entries if LEARNED in key and entry[0] is not None
    }


def relearned(state: State, known: Mapping[str, Any]) -> State:
    """The state of a device that watches over somebody again: what was usual of them is, what is in force stays."""
    entries = dict(state["r"])
    for key, entry in known.items():
        entries[key] = [entry[0], *entries[key][1:]] if key in entries else entry
    return {**state, "r": entries}


def unlearned(state: State) -> State:
    """The state of a device that watches over somebody else: what is usual is learned anew, what is in force stays."""
    entries = {
        key: [None, *entry[1:]] if LEARNED in key else entry
        for key, entry in state["r"].items()
        if LEARNED not in key or any(entry[1:])
    }
    return {**state, "r": entries}
