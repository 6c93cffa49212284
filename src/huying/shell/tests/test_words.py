from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils.translation import override

from huying.shell import words
from huying.shell.templatetags import shell

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)  # 14:30 in Shanghai


@pytest.mark.parametrize(
    ("back", "said"),
    [
        (timedelta(seconds=5), "刚刚"),
        (timedelta(minutes=5), "5 分钟前"),
        (timedelta(hours=3), "3 小时前"),
        (timedelta(days=1), "昨天 14:30"),
        (timedelta(days=2), "11月20日 14:30"),
        (timedelta(days=400), "2025年10月18日 14:30"),
        (timedelta(hours=-12), "明天 02:30"),
    ],
)
def test_a_moment_is_said_as_a_person_would(back: timedelta, said: str) -> None:
    assert words.ago_words(NOW - back, NOW) == said


def test_days_turn_at_local_midnight() -> None:
    just_before = datetime(2026, 11, 21, 15, 59, tzinfo=UTC)  # 23:59 of the 21st in Shanghai
    assert words.moment_words(just_before, just_before + timedelta(minutes=2)) == "昨天 23:59"


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(seconds=59), "不到 1 分钟"),
        (timedelta(minutes=90), "1 小时 30 分钟"),
        (timedelta(days=2), "2 天"),
        (timedelta(days=2, minutes=5), "2 天"),
        (timedelta(days=-1, hours=-3), "1 天 3 小时"),
    ],
)
def test_a_span_has_at_most_two_units(span: timedelta, said: str) -> None:
    assert words.duration_words(span) == said


def test_a_due_time_says_what_is_left_or_over() -> None:
    assert words.until_words(NOW + timedelta(hours=2), NOW) == "还剩 2 小时"
    assert words.until_words(NOW - timedelta(days=1), NOW) == "已超 1 天"


def test_english_has_its_own_dates() -> None:
    with override("en"):
        assert words.day_words(date(2026, 11, 2), date(2026, 11, 22)) == "2 Nov"


def test_what_the_program_wrote_down_is_said_in_the_readers_language() -> None:
    with override("en"):
        assert shell.said("系统") == "System" and shell.said("随程序提供的事项目录").isascii()
        assert shell.said("王建国") == "王建国" and shell.said("") == ""
    with override("zh-hans"):
        assert shell.said("系统") == "系统"
