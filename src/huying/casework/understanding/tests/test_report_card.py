"""Figures against slow and plain reckoning, and the command that prints them."""

import csv
import json

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from huying.casework.understanding.evaluating.classify import classify
from huying.casework.understanding.learning.report_card import (
    coverage,
    cross_examined,
    divergence,
    drift,
    expected_calibration_error,
    report_card,
)

from .test_classifier import LABELS, TEXTS

judged = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def arrays(rows):
    return np.array([sure for sure, _ in rows]), np.array([right for _, right in rows])


@given(judged)
def test_calibration_error_as_reckoned_slowly(rows):
    bins = {}
    for sure, right in rows:
        bins.setdefault(min(int(sure * 15), 14), []).append((sure, right))
    slow = 0.0
    for members in bins.values():
        gap = sum(sure for sure, _ in members) / len(members) - sum(right for _, right in members) / len(members)
        slow += len(members) / len(rows) * abs(gap)
    assert expected_calibration_error(*arrays(rows)) == pytest.approx(slow, abs=1e-12)


@given(judged)
def test_coverage_keeps_its_promise_and_shrinks_with_what_is_asked(rows):
    sure, right = arrays(rows)
    shares = []
    for precision in (0.5, 0.8, 0.9, 0.98, 1.0):
        found = coverage(sure, right, precision)
        shares.append(found["share"])
        if found["threshold"] is None:
            assert found["share"] == 0
        else:
            taken = sure >= found["threshold"]
            assert right[taken].mean() >= precision
            assert found["share"] == pytest.approx(taken.mean(), abs=1e-4)
    assert shares == sorted(shares, reverse=True)


@given(st.lists(st.tuples(st.sampled_from("甲乙丙"), st.sampled_from("甲乙丙")), min_size=1, max_size=40))
def test_macro_f1_is_that_of_the_textbook(rows):
    chances = np.array([[0.8 if said == name else 0.1 for name in "甲乙丙"] for _, said in rows])
    card = report_card([truth for truth, _ in rows], chances, ("甲", "乙", "丙"))
    expected = f1_score([truth for truth, _ in rows], [said for _, said in rows], average="macro", zero_division=0)
    assert card["macro_f1"] == pytest.approx(expected, abs=1e-4)
    json.dumps(card)


def test_card_of_a_few_texts():
    chances = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    card = report_card(["甲", "乙", "乙"], chances, ("甲", "乙"))
    assert card["accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert card["confused"] == [{"truth": "乙", "said": "甲", "texts": 1}]
    assert card["per_class"]["乙"] == {"precision": 1.0, "recall": 0.5, "f1": 0.6667, "support": 2}
    assert card["coverage"]["0.98"] == {"share": 0.6667, "threshold": 0.8}


def test_a_label_never_learned_counts_as_a_mistake():
    card = report_card(["甲", "丙"], np.array([[0.9, 0.1], [0.9, 0.1]]), ("甲", "乙"))
    assert card["accuracy"] == 0.5
    assert card["per_class"]["丙"]["f1"] == 0


@pytest.mark.parametrize("shape", [(0, 2), (2, 2), (1, 3)])
def test_nothing_to_judge_is_refused(shape):
    with pytest.raises(ValueError, match="true labels"):
        report_card(["甲"] if shape[0] else [], np.zeros(shape), ("甲", "乙"))


def test_cross_examination_is_honest_about_copies():
    texts = [text for text in TEXTS for _ in range(2)]
    chances = cross_examined(texts, [label for label in LABELS for _ in range(2)], folds=3)
    assert chances.shape == (len(texts), 3)
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(chances[::2], chances[1::2], atol=1e-6)  # copies stood in one fold
    said = np.array(sorted(set(LABELS)))[chances[::2].argmax(axis=1)]
    assert np.mean(said == np.array(LABELS)) > 0.8


def test_drift():
    same = drift(TEXTS, TEXTS, labels_before=LABELS, labels_after=LABELS)
    assert same == {"unknown_words": 0.0, "label_shift": 0.0}
    new = drift(["路灯 不亮"], ["路灯 充电桩 起火 占用"], labels_before=["照明"], labels_after=["充电"])
    assert new == {"unknown_words": 0.75, "label_shift": 1.0}
    assert drift([], []) == {"unknown_words": None, "label_shift": None}


@given(st.lists(st.sampled_from("甲乙丙"), min_size=1), st.lists(st.sampled_from("甲乙丙丁"), min_size=1))
def test_divergence_is_symmetric_and_bounded(one, other):
    assert divergence(one, other) == pytest.approx(divergence(other, one))
    assert 0 <= divergence(one, other) <= 1
    assert divergence(one, one) == 0


def write(file, rows, encoding="utf-8-sig"):
    with file.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows(rows)
    return str(file)


def run(*arguments):
    return CliRunner().invoke(classify, [*map(str, arguments)])


@pytest.fixture
def tables(tmp_path):
    train = [("标题", "正文", "类别"), *(("", text, label) for text, label in zip(TEXTS, LABELS, strict=True))]
    cut = [("seg_text", "类别"), ("路灯 坏 没人 修", "照明"), ("垃圾 发臭", ""), ("", "垃圾")]
    test = [
        ("标题", "正文", "类别"),
        ("路灯", "公园路灯不亮", "照明"),
        ("", "夜里施工太吵", "噪音"),
        ("", TEXTS[-1], "垃圾"),
    ]
    return (
        write(tmp_path / "a.csv", train),
        write(tmp_path / "b.csv", cut, "gb18030"),
        write(tmp_path / "t.csv", test),
    )


def test_classify_command(tables, tmp_path):
    out = tmp_path / "out.json"
    first, second, test = tables
    told = ("--train", first, "--train", second, "--test", test, "--text", "标题,正文", "--label", "类别")
    result = run(*told, "--json", out)
    assert result.exit_code == 0, result.output
    assert "ALSO IN TRAINING" in result.output
    facts = json.loads(out.read_text(encoding="utf-8"))
    assert facts["accuracy"] == 1
    assert facts["counts"]["train"] == len(TEXTS) + 1
    assert facts["counts"]["skipped_train"] == 2
    assert facts["counts"]["overlap"] >= 1
    assert facts["counts"]["dropped"] == 0
    assert facts["confusion"] == {"照明": {"照明": 1}, "噪音": {"噪音": 1}, "垃圾": {"垃圾": 1}}
    assert {"macro_f1", "ece", "coverage_at_98", "per_class", "train_seconds", "p50_ms"} <= facts.keys()
    dropped = json.loads(run(*told, "--drop-overlap", "--json").output.splitlines()[-1])
    assert dropped["counts"]["dropped"] == facts["counts"]["overlap"]
    assert dropped["counts"]["train"] == facts["counts"]["train"] - facts["counts"]["overlap"]


@pytest.mark.parametrize(
    ("text", "label", "complaint"),
    [("内容", "类别", "none of the columns 内容"), ("正文", "种类", "no column '种类'")],
)
def test_a_missing_column_is_named(tables, text, label, complaint):
    result = run("--train", tables[0], "--test", tables[2], "--text", text, "--label", label)
    assert result.exit_code == 2
    assert complaint in result.output
    assert "标题, 正文, 类别" in result.output


def test_a_file_that_is_no_table_is_named(tmp_path, tables):
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    result = run("--train", tmp_path / "x.pdf", "--test", tables[2], "--text", "正文", "--label", "类别")
    assert result.exit_code == 1
    assert "x.pdf" in result.output
