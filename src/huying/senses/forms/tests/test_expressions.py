"""Expressions: read, written back, worth what they should be; nothing a stranger writes makes them fall over."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.senses.forms.evaluating import Around, evaluate
from huying.senses.forms.expressions import FUNCTIONS, Expr, ExpressionError, cycle, parse, references, written
from huying.senses.forms.patterns import PatternError, machine

SHARED = json.loads((Path(__file__).parent / "expression_cases.json").read_text(encoding="utf-8"))
NAMES = {"a": "a", "b": "g/b", "c": "g/rooms/c"}


@pytest.mark.parametrize("case", SHARED["cases"], ids=lambda case: case["text"])
def test_shared_cases(case: dict[str, Any]) -> None:
    """The same file is run by the phone's program."""
    tree = parse(case["text"], SHARED["paths"].get, columns="choice" in case)
    assert tree == case["expr"]
    labels = case.get("labels", {})
    around = Around(
        SHARED["answers"],
        case.get("now", SHARED["now"]),
        at=case.get("at", ()),
        current=case["self"],
        choice=case.get("choice", {}),
        choice_name=lambda path, name: labels.get(path, {}).get(name, name),
    )
    got = evaluate(tree, around)
    assert got == case["value"] and isinstance(got, bool) == isinstance(case["value"], bool)


def test_shared_cases_use_every_function() -> None:
    told = json.dumps(SHARED["cases"])
    assert not [name for name in FUNCTIONS if f'"{name}"' not in told and name != "index"]


def trees() -> st.SearchStrategy[Expr]:
    leaf = st.one_of(
        st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="'\"“”‘’"), max_size=6).map(
            lambda text: ["str", text]
        ),
        st.one_of(st.integers(0, 10**9), st.floats(0.001, 1e6).filter(lambda x: x != int(x))).map(lambda n: ["num", n]),
        st.sampled_from(list(NAMES.values())).map(lambda path: ["ref", path]),
        st.just(["."]),
        st.just(["call", "today", []]),
    )

    def more(inside: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "div", "mod"])
        plain = st.sampled_from([name for name, (least, _most) in FUNCTIONS.items() if least == 2 and name not in
                                 ("regex", "jr:choice-name")])  # fmt: skip
        return st.one_of(
            st.tuples(signs, inside, inside).map(lambda part: ["op", *part]),
            st.tuples(st.sampled_from(["and", "or"]), st.lists(inside, min_size=2, max_size=3)).map(list),
            inside.map(lambda part: ["neg", part]),
            st.tuples(plain, inside, inside).map(lambda part: ["call", part[0], [part[1], part[2]]]),
            st.tuples(inside, inside, inside).map(lambda part: ["call", "if", list(part)]),
        )

    return st.recursive(leaf, more, max_leaves=12)


@given(trees())
@settings(max_examples=150)
def test_written_and_read_again_is_the_same(tree: Expr) -> None:
    assert parse(written(tree), NAMES.get) == tree


@given(
    trees(),
    st.recursive(st.none() | st.text(max_size=5) | st.floats() | st.booleans(), lambda x: st.lists(x, max_size=3)),
)
@settings(max_examples=150)
def test_any_tree_is_worth_something_plain(tree: Expr, value: Any) -> None:
    answers = {"a": value, "g": {"b": value, "rooms": [{"c": value}, {}]}}
    json.dumps(evaluate(tree, Around(answers, "2026-11-22T12:00:00Z", current=value)), allow_nan=False)


@given(st.text(max_size=40) | st.text("${}()'\"=<>+-*/.,ab 12andordivmod", max_size=60))
@settings(max_examples=300)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse(text, NAMES.get)
    except ExpressionError as error:
        assert error.words.zh and error.words.en


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "空的"), ("1 +", "没有写完"), ("${x} = 1", "${x}"), ("foo(1)", "foo()"), ("selected(1)", "要 2 个值"),
        ("/data/a", "看不懂"), ("(1", "没有写完"), ("1 1", "放错了地方"), ("regex(., ${a})", "直接写成文字"),
        ("regex(., '(?=a)')", "不支持"), ("regex(., '(a)\\1')", "不支持"), ("../a", "看不懂"), ("a = 1", "放错了地方"),
        ("(" * 60 + "1" + ")" * 60, "套得太深"), ("+".join(["1"] * 300), "太复杂"), ("1" * 5000, "太长"),
        ("-" * 300 + "1", "太复杂"), ("jr:choice-name(${a}, 'a')", "第二个值"), ("sum(..)", "position"),
    ],
)  # fmt: skip
def test_what_is_refused_says_why(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        parse(text, NAMES.get)
    assert said in refused.value.words.zh


def test_references_and_circles() -> None:
    assert list(references(parse("if(${a} > 1, ${b}, sum(${c}))", NAMES.get))) == ["a", "g/b", "g/rooms/c"]
    assert cycle({"a": ["b"], "b": ["c"], "c": []}) == []
    assert cycle({"a": ["b"], "b": ["c"], "c": ["b"]}) == ["b", "c", "b"]
    assert cycle({str(n): [str(n + 1)] for n in range(5000)}) == []


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|aa)*b", "(a*)*b", "a{0,200}a{0,200}b", "([a-z]+)*\\d"])
def test_no_pattern_takes_long(pattern: str) -> None:
    began = time.perf_counter()
    assert not machine(pattern).matches("a" * 2000)
    assert time.perf_counter() - began < 5


@given(st.text("ab(|)*+?[]{}^$.\\d1,-", max_size=25), st.text("ab1-", max_size=10))
@settings(max_examples=300)
def test_patterns_match_as_elsewhere(pattern: str, text: str) -> None:
    import re

    try:
        found = machine(pattern).matches(text)
    except PatternError:
        return
    assert found == bool(re.fullmatch(pattern, text, re.ASCII))
