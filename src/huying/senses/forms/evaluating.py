"""What an expression is worth, on given answers. The phone's program (web/src/forms) does the same, held by shared cases.

Values: text, number (a double), true/false, None (no answer), a list of names (several choices) or of numbers (a position), and
:class:`Nodes`, the answers of one question in all instances of a repeat. Coercions are those of XPath 1.0: an empty answer is "",
a text that is no number is NaN, NaN equals nothing. Days and moments are ISO texts; as numbers they are days since 1970-01-01 in
local time (UTC+8), so ``${begun} <= today()`` and ``date(${seen} + 7)`` do what they say. Pure: now is given.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from . import functions
from .coercions import Nodes, Value, boolean, equal, number, plain, text

ChoiceName = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Around:
    """Where an expression stands.

    ``answers``: nested dictionaries by group and repeat names. ``at``: the repeat instances around, as names and
    places from 0: ``("rooms", 1, "beds", 0)``. ``current``: the value of ``.``. ``now``: an ISO moment with its zone.
    ``choice``: the choice looked at by a choice filter. ``choice_name``: the label of a choice of the question at a path.
    """

    answers: Mapping[str, Any]
    now: str
    at: Sequence[str | int] = ()
    current: Any = None
    choice: Mapping[str, Any] = field(default_factory=dict)
    choice_name: ChoiceName = lambda _path, name: name


def evaluate(tree: list[Any], around: Around) -> Any:
    """The value as plain JSON: text, number, true/false, None (nothing, or no number) or a list."""
    return plain(value_of(tree, around))


def holds(tree: list[Any], around: Around) -> bool:
    """Whether a condition holds."""
    return boolean(value_of(tree, around))


def value_of(tree: list[Any], around: Around) -> Value:
    """The value, not yet made plain."""
    return _KINDS[tree[0]](tree, around)


def find(answers: Any, path: str, at: Sequence[str | int] = ()) -> Value:
    """The answer at a path: inside the repeats named by ``at`` that of the same instance, elsewhere of all (Nodes)."""
    names = path.split("/")
    node, used = answers, 0
    for place, name in enumerate(names):
        node = node.get(name) if isinstance(node, Mapping) else None
        inside = used + 1 < len(at) and at[used] == name
        rest = names[place + 1 :]
        if isinstance(node, list) and (inside or rest or _instances(node)):
            if not rest:
                return Nodes(node)
            if not inside:
                return _all(node, rest)
            index = at[used + 1]
            node = node[index] if isinstance(index, int) and 0 <= index < len(node) else None
            used += 2
        elif used < len(at) and at[used] == name:
            used += 1
    return node


def _instances(node: list[Any]) -> bool:
    return bool(node) and all(isinstance(one, Mapping) for one in node)


def _all(instances: list[Any], rest: Sequence[str]) -> Nodes:
    found = Nodes()
    for one in instances:
        value = find(one, "/".join(rest))
        if isinstance(value, Nodes):
            found.extend(value)
        else:
            found.append(value)
    return found


def _op(tree: list[Any], around: Around) -> Value:
    _op, sign, left, right = tree
    one, other = value_of(left, around), value_of(right, around)
    if sign in ("=", "!="):
        return equal(one, other, sign == "=")
    if sign in _ORDERS:
        return any(_ORDERS[sign](number(a), number(b)) for a in _each(one) for b in _each(other))
    return _SUMS[sign](number(one), number(other))


def _each(value: Value) -> Sequence[Value]:
    return value if isinstance(value, Nodes) else (value,)


def _divided(one: float, other: float) -> float:
    if other != 0:
        return one / other
    return math.nan if one == 0 or math.isnan(one) else math.copysign(math.inf, one) * math.copysign(1, other)


def _remainder(one: float, other: float) -> float:
    return math.nan if other == 0 or not math.isfinite(one) or math.isnan(other) else math.fmod(one, other)


_ORDERS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}
_SUMS: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "div": _divided,
    "mod": _remainder,
}


def _call(tree: list[Any], around: Around) -> Value:
    _call, name, inside = tree
    if name == "if":
        return value_of(inside[1] if holds(inside[0], around) else inside[2], around)
    if name == "once":
        return around.current if boolean(_filled(around.current)) else value_of(inside[0], around)
    if name in ("position", "index"):
        places = [one for one in around.at if isinstance(one, int)]
        return float(places[-1] + 1) if places else 1.0
    values = [value_of(part, around) for part in inside]
    if name == "jr:choice-name":
        return around.choice_name(text(values[1]), text(values[0]))
    if name in functions.TIMED:
        return functions.TIMED[name](around.now)
    return functions.PLAIN[name](*values)


def _filled(value: Value) -> bool:
    return value is not None and value != "" and value != []


def _ref(tree: list[Any], around: Around) -> Value:
    return find(around.answers, tree[1], around.at)


_KINDS: Final[Mapping[str, Callable[[list[Any], Around], Value]]] = {
    "str": lambda tree, _around: tree[1],
    "num": lambda tree, _around: float(tree[1]),
    "bool": lambda tree, _around: tree[1],
    "ref": _ref,
    ".": lambda _tree, around: around.current,
    "col": lambda tree, around: around.choice.get(tree[1]),
    "call": _call,
    "op": _op,
    "and": lambda tree, around: all(holds(part, around) for part in tree[1]),
    "or": lambda tree, around: any(holds(part, around) for part in tree[1]),
    "neg": lambda tree, around: -number(value_of(tree[1], around)),
}


def standing(around: Around, at: Sequence[str | int], current: Any) -> Around:
    """The same surroundings, seen from another question."""
    return Around(around.answers, around.now, at, current, around.choice, around.choice_name)
