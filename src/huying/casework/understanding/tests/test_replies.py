"""Advice on replies, and the measuring of it. All texts are invented."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.casework.understanding.evaluating.replies import replies
from huying.casework.understanding.replies.aspects import legal_basis, plainness, requests_in, tone
from huying.casework.understanding.replies.judging import LOW, WEIGHTS, Background, judge, relevance_matrix
from huying.casework.understanding.replies.relevance import named_things, pieces

MESSAGE = (
    "您好！梧桐里小区3栋旁的排水沟堵了半个月，一下雨污水就倒灌到一楼车库。请问什么时候能疏通？"
    "另外青石路的路灯坏了五盏，能否一起修好？"
)
GOOD = (
    "您好！您反映的梧桐里小区3栋排水沟堵塞一事，柳溪街道城管办5月6日到现场查看，确实有淤泥堵住，污水倒灌车库。\n"
    "排水沟已请市政所5月8日疏通，清出淤泥两车。\n"
    "青石路坏了的五盏路灯由区路灯所更换，5月20日前修好。\n"
    "如果还有问题，请打柳溪街道城管办电话 88001234。谢谢您的提醒。"
)
EMPTY = "网友：您的留言收悉。我们高度重视，将进一步加强管理，切实做好相关工作，加大力度，一如既往全力做好服务，请耐心等待，特此回复。"
OTHER = (
    "您好！您咨询的养老金认证，可以带身份证到云岭镇便民服务中心社保窗口办理，也可以在手机上刷脸认证，"
    "每年12月31日前认证一次，电话 87005678。"
)


def test_a_good_answer_is_found_good() -> None:
    advice = judge(MESSAGE, GOOD, title="梧桐里小区排水沟堵塞")
    assert advice.overall > 0.75
    assert advice.unanswered == ()
    assert len(advice.requests) == 2
    assert any("梧桐里小区" in reason for reason in advice.relevance.reasons)


def test_phrases_answer_nothing() -> None:
    advice = judge(MESSAGE, EMPTY)
    assert len(advice.unanswered) == 2
    assert advice.overall < 0.35
    assert advice.tone.score < LOW
    assert any("高度重视" in reason for reason in advice.tone.reasons)


def test_an_answer_to_another_matter_is_beside_the_point() -> None:
    good, other = judge(MESSAGE, GOOD), judge(MESSAGE, OTHER)
    assert other.relevance.score < LOW < good.relevance.score
    assert any("青石路" in reason for reason in other.relevance.reasons)
    assert other.overall < good.overall / 2


def test_an_unanswered_second_question_is_named() -> None:
    first_only = "您好！梧桐里小区3栋的排水沟，柳溪街道已于5月8日疏通，污水不再倒灌车库。电话 88001234。"
    advice = judge(MESSAGE, first_only)
    assert [one for one in advice.unanswered if "路灯" in one]
    assert not [one for one in advice.unanswered if "疏通" in one]
    assert any("路灯" in reason for reason in advice.completeness.reasons)


@pytest.mark.parametrize(
    ("reply", "low", "high"),
    [
        ("您好！您的情况不符合条件，不予办理。", 0, 0.3),
        ("您好！根据有关规定，您的情况不予办理。", 0.3, 0.45),
        ("您好！依据《城乡居民养老办法》第六条，您的情况暂不能办理。", 0.95, 1),
        ("您好！按云岭发〔2021〕7号文件，不予补贴。", 0.95, 1),
        ("您好！路灯已经修好。", 1, 1),
        ("您好！因没有留电话，无法与您联系。", 1, 1),
    ],
)
def test_a_refusal_names_its_basis(reply: str, low: float, high: float) -> None:
    aspect = legal_basis(reply)
    assert low <= aspect.score <= high
    assert aspect.reasons


def test_only_passing_on_is_said() -> None:
    advice = judge(MESSAGE, "您好！您反映的问题已转柳溪街道调查处理。")
    assert any("已转柳溪街道" in reason for reason in advice.completeness.reasons)
    assert advice.completeness.score < LOW


@pytest.mark.parametrize("reply", ["这是你自己的问题，与我局无关！", "您好！请不要反复投诉，你必须自行解决！！"])
def test_blame_and_orders_are_seen(reply: str) -> None:
    aspect = tone(reply)
    assert aspect.score < 0.7
    assert aspect.suggestions


def test_long_sentences_and_words_of_the_trade_are_seen() -> None:
    reply = "您好，" + "该地块控规调整报批后由属地管理单位核处并函复，" * 20 + "特此。"
    aspect = plainness(reply)
    assert aspect.score < LOW
    assert any("控规" in reason for reason in aspect.reasons)


def test_requests_are_sentences_that_ask() -> None:
    assert requests_in("领导您好！我家停水三天了。请问何时来水？谢谢！") == ["请问何时来水？"]
    assert requests_in("楼道灯坏了") == ["楼道灯坏了"]
    assert requests_in("  ") == []


def test_names_of_accounts_and_phones_do_not_count() -> None:
    assert not {piece for piece in pieces("QX00012345 13800001234") if any(sign.isdigit() for sign in piece)}
    assert "青石路" in named_things("我们住在青石路旁")


@given(message=st.text(max_size=60), reply=st.text(max_size=60))
@settings(max_examples=60)
def test_figures_stay_in_bounds_and_low_ones_are_explained(message: str, reply: str) -> None:
    advice = judge(message, reply)
    assert 0 <= advice.overall <= 1
    for aspect in advice.aspects.values():
        assert 0 <= aspect.score <= 1
        assert aspect.reasons or aspect.score >= LOW


def test_a_background_of_ones_own() -> None:
    known = Background.of([MESSAGE, GOOD, EMPTY, OTHER])
    assert (
        judge(MESSAGE, GOOD, background=known).relevance.score > judge(MESSAGE, EMPTY, background=known).relevance.score
    )


def rows(count: int) -> list[tuple[str, str, str]]:
    places = [f"{a}{b}" for a in "松柳桐梅兰竹桂枫杏桃" for b in "溪塘岭湾桥坪"]
    matters = ["路灯不亮", "井盖破损", "垃圾堆积", "夜间噪音", "占道停车", "水管漏水", "树枝遮挡"]
    made = []
    for at in range(count):
        place, matter = places[at % len(places)], matters[at % len(matters)]
        made.append(
            (
                f"{place}路{matter}",
                f"您好，{place}路{matter}很久了，请问何时处理？",
                f"您好！{place}路的{matter}已派人处理，三日内办好。",
            )
        )
    return made


def test_bulk_puts_the_true_reply_first() -> None:
    table = rows(60)
    scores = relevance_matrix([row[1] for row in table], [row[2] for row in table], [row[0] for row in table])
    assert scores.shape == (60, 60)
    assert (scores.argmax(axis=1) == np.arange(60)).mean() > 0.95
    assert relevance_matrix([], ["一"]).shape == (0, 1)


def test_the_order_of_rows_tells_nothing() -> None:
    table = rows(55)
    mixed = np.random.default_rng(3).permutation(55)
    straight = relevance_matrix([row[1] for row in table], [row[2] for row in table])
    turned = relevance_matrix([row[1] for row in table], [table[at][2] for at in mixed])
    assert np.allclose(straight[:, mixed], turned, atol=1e-3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_command_reads_csv(tmp_path: Path, encoding: str) -> None:
    file, out = tmp_path / "letters.csv", tmp_path / "report.json"
    with file.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows([("留言主题", "留言详情", "答复意见"), *rows(30)])
    result = CliRunner().invoke(replies, [str(file), "--candidates", "10", "--json", str(out)])
    assert result.exit_code == 0, result.output
    report = json.loads(out.read_text(encoding="utf-8"))
    assert report["count"] == 30
    assert report["candidates"] == 10
    assert report["top1"] > 0.9
    assert 0 <= report["aspects"]["overall"]["mean"] <= 1
    assert "true reply first of 10" in result.output


def test_the_command_reads_xlsx_and_named_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in [("甲", "乙", "丙"), *rows(12), ("没有答复", "没有", "")]:
        book.active.append(row)
    file = tmp_path / "letters.xlsx"
    book.save(file)
    arguments = [str(file), "--message", "甲,乙", "--reply", "丙", "--aspects", "3", "--json"]
    result = CliRunner().invoke(replies, arguments)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert (report["count"], report["candidates"], report["aspects"]["count"]) == (12, 12, 3)
    refused = CliRunner().invoke(replies, [str(file)])
    assert refused.exit_code == 2
    assert "--message" in refused.output


@pytest.mark.parametrize("answer", [GOOD, EMPTY, OTHER, "好的。", "已处理，谢谢。", GOOD[:60], GOOD[40:120]])
def test_the_parts_of_an_answers_points_add_up(answer: str) -> None:
    advice = judge(MESSAGE, answer)
    assert sum(advice.points.values()) - advice.held_back == round(100 * advice.overall)
    assert sum(advice.points.values()) == round(100 * advice.mean)
    for name, points in advice.points.items():
        exact = 100 * WEIGHTS[name] * advice.aspects[name].score
        assert abs(points - exact) < 1 and 0 <= points <= 100 * WEIGHTS[name] + 1
    fair = min(advice.relevance.score, advice.completeness.score) >= LOW
    assert (advice.held_back == 0) is fair or advice.mean < 0.02
