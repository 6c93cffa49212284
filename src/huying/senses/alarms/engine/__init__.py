"""The rule engine: readings and time in, raised and cleared alarms out. Pure: no Django, no clock, no database.

>>> engine = Engine(default_rules("smart_breaker"))
>>> state, events = engine.step(state, reading, now=arrived)   # each reading, in the order of arrival
>>> state, events = engine.tick(state, now)                    # at ``engine.due(state)`` or later: what time alone ripens
"""

from .defaults import default_rules, every_default
from .grammar import SEVERITIES, Event, Rule, State
from .learning import Learned
from .parsing import RuleWrong, parse_rule, parse_rules
from .renewing import begun_anew, learned, let_go, relearned, unlearned
from .replaying import Replayed, replay
from .running import Engine
from .words import explain, sentence

__all__ = [
    "SEVERITIES",
    "Engine",
    "Event",
    "Learned",
    "Replayed",
    "Rule",
    "RuleWrong",
    "State",
    "begun_anew",
    "default_rules",
    "every_default",
    "explain",
    "learned",
    "let_go",
    "parse_rule",
    "parse_rules",
    "relearned",
    "replay",
    "sentence",
    "unlearned",
]
