"""Expressions of XLSForm: read into a tree that a phone and the server understand alike, written back, checked.

A tree (EXPR) is JSON: ``["str","x"]`` ``["num",1]`` ``["bool",true]`` ``["ref","path/of/item"]`` ``["."]``
``["col","column"]`` (a column of the choice that is looked at, in a choice filter) ``["call","selected",[...]]``
``["op","=",a,b]`` ``["and",[...]]`` ``["or",[...]]`` ``["neg",a]``. What it is worth is said in ``evaluating``.
Notation: XLSForm reference, https://xlsform.org ; XPath 1.0 for precedence. Pure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from huying.casework.catalogue.words import Words

from .patterns import PatternError, machine

Expr = list[Any]
Resolve = Callable[[str], str | None]

MOST_CHARACTERS: Final = 4000
DEEPEST: Final = 30
HIGHEST: Final = 100
MOST_PARTS: Final = 800

#: How many values each function takes: at least, at most (None: any number).
FUNCTIONS: Final[Mapping[str, tuple[int, int | None]]] = {
    "selected": (2, 2), "count-selected": (1, 1), "if": (3, 3), "coalesce": (2, None), "not": (1, 1),
    "true": (0, 0), "false": (0, 0), "regex": (2, 2), "string-length": (1, 1), "contains": (2, 2),
    "starts-with": (2, 2), "ends-with": (2, 2), "substr": (2, 3), "concat": (1, None), "join": (2, None),
    "int": (1, 1), "round": (1, 2), "number": (1, 1), "string": (1, 1), "abs": (1, 1), "min": (1, None),
    "max": (1, None), "sum": (1, None), "count": (1, 1), "today": (0, 0), "now": (0, 0), "date": (1, 1),
    "format-date": (2, 2), "decimal-date-time": (1, 1), "once": (1, 1), "position": (0, 0), "index": (0, 0),
    "boolean-from-string": (1, 1), "normalize-space": (1, 1), "translate": (3, 3), "distance": (1, None),
    "uuid": (0, 0), "pow": (2, 2), "jr:choice-name": (2, 2),
}  # fmt: skip

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<ref>\$\{[^{}]*\})"
    r"|(?P<num>\d+(?:\.\d*)?|\.\d+)"
    r"|(?P<str>\"[^\"]*\"|'[^']*'|“[^”]*”|‘[^’]*’)"
    r"|(?P<name>[A-Za-z_][\w-]*(?::[A-Za-z_][\w-]*)?)"
    r"|(?P<sign>\.\.|!=|<=|>=|[=<>+\-*(),.]))",
    re.ASCII,
)
_NAME: Final = re.compile(r"\s*([^\W\d][\w.-]*)\s*")
#: Binary operators by how tightly they bind, loosest first; "and" and "or" are looser still.
_LEVELS: Final = (("=", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "div", "mod"))
_ROOM_OF_OR, _ROOM_OF_AND, _ROOM_OF_OP, _ROOM_OF_NEG = 0, 1, 2, 6


class ExpressionError(ValueError):
    """An expression is not understood; ``words`` says what and where in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        self.words = Words(zh, en)
        super().__init__(zh)


def parse(text: str, resolve: Resolve, *, columns: bool = False) -> Expr:
    """The tree of an expression as an XLSForm author writes it.

    ``resolve`` gives the path of a name in ``${name}``, or None for a name that is not in the form. ``columns``: plain names
    are allowed and mean columns of a choice (choice filters). Raises :class:`ExpressionError` and nothing else.
    """
    if len(text) > MOST_CHARACTERS:
        raise ExpressionError(
            f"表达式太长，最多 {MOST_CHARACTERS} 个字符", f"The expression is longer than {MOST_CHARACTERS} characters"
        )
    return _Parser(_tokens(text), resolve, columns).whole()


def written(tree: Expr, name_of: Callable[[str], str] = lambda path: path.rsplit("/", 1)[-1]) -> str:
    """The expression as text, with ``${name}`` for each path. Reading it again gives the same tree."""
    return _written(tree, 0, name_of)


def references(tree: Any) -> Iterator[str]:
    """Every path the expression reads, in order, as often as it stands there."""
    for part in _parts(tree):
        if part[0] == "ref":
            yield part[1]


def reads_itself(tree: Any) -> bool:
    """Whether the expression reads ``.``, the answer it stands at."""
    return any(part[0] == "." for part in _parts(tree))


def cycle(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """Names that need each other in a circle, the first one again at the end; [] where there is none."""
    done: set[str] = set()
    for start in needs:
        path: list[str] = []
        on_path: set[str] = set()
        waiting: list[tuple[str, Iterator[str]]] = []
        if start not in done:
            path, on_path, waiting = [start], {start}, [(start, iter(needs[start]))]
        while waiting:
            name, others = waiting[-1]
            other = next((one for one in others if one not in done), None)
            if other is None:
                waiting.pop()
                path.pop()
                on_path.discard(name)
                done.add(name)
            elif other in on_path:
                return [*path[path.index(other) :], other]
            else:
                path.append(other)
                on_path.add(other)
                waiting.append((other, iter(needs.get(other, ()))))
    return []


def number_text(value: float) -> str:
    """A number as XPath writes it: no exponent, no ".0"."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return format(Decimal(repr(float(value))), "f").removesuffix(".0")


def _parts(tree: Any) -> Iterator[Expr]:
    if not isinstance(tree, list) or not tree or not isinstance(tree[0], str):
        return
    yield tree
    inside = tree[2] if tree[0] == "call" else tree[1] if tree[0] in ("and", "or") else tree[1:]
    for part in inside:
        yield from _parts(part)


def _tokens(text: str) -> list[tuple[str, str, int]]:
    """(kind, text, place from 1) of each token; kinds are ref num str name sign."""
    found: list[tuple[str, str, int]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            place = at + len(text[at:]) - len(text[at:].lstrip()) + 1
            raise ExpressionError(
                f"第 {place} 个字符“{text[place - 1]}”看不懂",
                f"“{text[place - 1]}” at character {place} is not understood",
            )
        kind = match.lastgroup
        found.append((kind, match[kind], match.start(kind) + 1))
        at = match.end()
    return found


class _Parser:
    """Recursive descent over the tokens, one method for each level of binding."""

    def __init__(self, tokens: list[tuple[str, str, int]], resolve: Resolve, columns: bool) -> None:
        self.tokens, self.resolve, self.columns = tokens, resolve, columns
        self.at, self.depth = 0, 0
        if len(tokens) > MOST_PARTS:
            raise ExpressionError("表达式太复杂，请拆成几步计算", "The expression is too complex; split it into steps")

    def whole(self) -> Expr:
        if not self.tokens:
            raise ExpressionError("表达式是空的", "The expression is empty")
        tree = self.either()
        if self.at < len(self.tokens):
            raise self.unexpected()
        if _height(tree) > HIGHEST:
            raise ExpressionError("表达式太复杂，请拆成几步计算", "The expression is too complex; split it into steps")
        return tree

    def either(self) -> Expr:
        parts = [self.both()]
        while self.word("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else ["or", parts]

    def both(self) -> Expr:
        parts = [self.binary(0)]
        while self.word("and"):
            parts.append(self.binary(0))
        return parts[0] if len(parts) == 1 else ["and", parts]

    def binary(self, level: int) -> Expr:
        if level == len(_LEVELS):
            return self.negated()
        left = self.binary(level + 1)
        while (sign := self.here()[1]) in _LEVELS[level] and self.here()[0] in ("sign", "name"):
            self.at += 1
            left = ["op", sign, left, self.binary(level + 1)]
        return left

    def negated(self) -> Expr:
        signs = 0
        while self.here() == ("sign", "-"):
            self.at += 1
            signs += 1
        tree = self.single()
        for _ in range(signs):
            tree = ["neg", tree]
        return tree

    def single(self) -> Expr:
        kind, text = self.take()
        if kind == "num":
            value = float(text)
            return ["num", int(value) if value == int(value) and abs(value) < 1e15 else value]
        if kind == "str":
            return ["str", text[1:-1]]
        if kind == "ref":
            return ["ref", self.path(text)]
        if text == ".":
            return ["."]
        if text == "(":
            tree = self.either()
            self.close()
            return tree
        if kind == "name" and self.here() == ("sign", "("):
            self.at += 1
            return self.call(text)
        if kind == "name" and self.columns:
            return ["col", text]
        self.at -= 1
        raise self.unexpected()

    def call(self, name: str) -> Expr:
        if name not in FUNCTIONS:
            raise ExpressionError(f"不支持函数 {name}()", f"The function {name}() is not supported")
        values: list[Expr] = []
        if self.here() == ("sign", ".."):
            self.at += 1
            if name != "position":
                raise ExpressionError("“..”只能写在 position(..) 里", "“..” stands in position(..) only")
        elif self.here() != ("sign", ")"):
            values.append(self.either())
            while self.here() == ("sign", ","):
                self.at += 1
                values.append(self.either())
        self.close()
        return ["call", name, self.agreed(name, values)]

    def agreed(self, name: str, values: list[Expr]) -> list[Expr]:
        least, most = FUNCTIONS[name]
        if not least <= len(values) <= (len(values) if most is None else most):
            count = str(least) if least == most else f"{least}+" if most is None else f"{least}–{most}"
            raise ExpressionError(
                f"{name}() 要 {count} 个值，写了 {len(values)} 个",
                f"{name}() takes {count} values, {len(values)} are written",
            )
        if name == "regex":
            if values[1][0] != "str":
                raise ExpressionError(
                    "regex() 的规则要直接写成文字", "The pattern of regex() must be written out as a text"
                )
            try:
                machine(values[1][1])
            except PatternError as error:
                raise ExpressionError(
                    f"regex() 的规则从第 {error.at + 1} 个字符起不支持：{values[1][1]}",
                    f"The pattern of regex() is not supported from character {error.at + 1} on: {values[1][1]}",
                ) from error
        if name == "jr:choice-name":
            inner = values[1][1] if values[1][0] == "str" else ""
            if not (inner.startswith("${") and inner.endswith("}")):
                raise ExpressionError(
                    "jr:choice-name() 的第二个值要写成 '${题名}'",
                    "The second value of jr:choice-name() is written '${question}'",
                )
            return [values[0], ["str", self.path(inner)]]
        return values

    def path(self, text: str) -> str:
        match = _NAME.fullmatch(text[2:-1])
        path = self.resolve(match[1]) if match else None
        if path is None:
            raise ExpressionError(f"表单里没有 {text}", f"There is no {text} in the form")
        return path

    def close(self) -> None:
        if self.here() != ("sign", ")"):
            raise self.unexpected()
        self.at += 1
        self.depth -= 1

    def word(self, word: str) -> bool:
        found = self.here() == ("name", word)
        self.at += found
        return found

    def here(self) -> tuple[str, str]:
        return self.tokens[self.at][:2] if self.at < len(self.tokens) else ("", "")

    def take(self) -> tuple[str, str]:
        token = self.here()
        self.at += 1
        if token == ("sign", "(") or (token[0] == "name" and self.here() == ("sign", "(")):
            self.depth += 1
            if self.depth > DEEPEST:
                raise ExpressionError(
                    "括号套得太深，请拆成几步计算", "Brackets are nested too deeply; split it into steps"
                )
        return token

    def unexpected(self) -> ExpressionError:
        if self.at >= len(self.tokens):
            return ExpressionError("表达式没有写完", "The expression is not finished")
        _kind, text, place = self.tokens[self.at]
        return ExpressionError(
            f"第 {place} 个字符起的“{text}”放错了地方", f"“{text}” at character {place} is out of place"
        )


def _height(tree: Expr) -> int:
    """How many levels the tree has, found without climbing it by recursion."""
    level, height = [tree], 0
    while level:
        height += 1
        level = [
            part
            for node in level
            for part in (node[2] if node[0] == "call" else node[1] if node[0] in ("and", "or") else node[1:])
            if isinstance(part, list)
        ]
    return height


def _written(tree: Expr, room: int, name_of: Callable[[str], str]) -> str:
    """``room``: how tightly what stands around binds; looser trees are put into brackets."""
    kind = tree[0]
    if kind in ("and", "or"):
        own = _ROOM_OF_OR if kind == "or" else _ROOM_OF_AND
        text = f" {kind} ".join(_written(part, own + 1, name_of) for part in tree[1])
        return f"({text})" if room > own else text
    if kind == "op":
        own = _ROOM_OF_OP + next(level for level, signs in enumerate(_LEVELS) if tree[1] in signs)
        text = f"{_written(tree[2], own, name_of)} {tree[1]} {_written(tree[3], own + 1, name_of)}"
        return f"({text})" if room > own else text
    if kind == "neg":
        return f"-{_written(tree[1], _ROOM_OF_NEG, name_of)}"
    return _single_written(tree, name_of)


def _single_written(tree: Expr, name_of: Callable[[str], str]) -> str:
    kind = tree[0]
    if kind == "str":
        quote = "'" if "'" not in tree[1] else '"'
        return f"{quote}{tree[1]}{quote}"
    if kind == "num":
        return number_text(tree[1])
    if kind == "bool":
        return "true()" if tree[1] else "false()"
    if kind == "ref":
        return "${" + name_of(tree[1]) + "}"
    if kind == "call":
        if tree[1] == "jr:choice-name":
            return f"jr:choice-name({_written(tree[2][0], 0, name_of)}, '${{{name_of(tree[2][1][1])}}}')"
        inside = ".." if tree[1] == "position" else ", ".join(_written(part, 0, name_of) for part in tree[2])
        return f"{tree[1]}({inside})"
    return "." if kind == "." else str(tree[1])
