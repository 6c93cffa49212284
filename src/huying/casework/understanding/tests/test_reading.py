"""What a message says besides its kind, down to the sign: times, private numbers, its matters."""

import re
from datetime import datetime, time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from huying.kernel.privacy import mask_text

from ..reading import message
from ..reading.message import private_in, read
from ..reading.splitting import split, unnumbered
from ..reading.times_said import SHANGHAI, times_in

NOW = datetime(2025, 7, 16, 15, 30, tzinfo=SHANGHAI)  # a Wednesday
ANY = st.text(
    alphabet="一二三四12、．.（）()第其另外还有此外。，！\n 路灯噪音垃圾停车电梯物业昨晚十点7月3日上午周五",
    max_size=120,
)


def first(text: str):
    return times_in(text, now=NOW)[0]


def at(month: int, day: int, hour: float = 0, year: int = 2025) -> datetime:
    return datetime(year, month, day, int(hour), round(hour % 1 * 60), tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("said", "words", "since", "until"),
    [
        ("昨晚十点楼上放音乐", "昨晚十点", at(7, 15, 22), at(7, 15, 23)),
        ("7月3日上午停水", "7月3日上午", at(7, 3, 8), at(7, 3, 12)),
        ("上周五去过社区", "上周五", at(7, 11), at(7, 12)),
        ("周五晚上有人敲门", "周五晚上", at(7, 11, 18), at(7, 12)),
        ("2024年12月1日下午3点半报过", "2024年12月1日下午3点半", at(12, 1, 15.5, 2024), at(12, 1, 16.5, 2024)),
        ("2025-07-01 22:30 施工", "2025-07-01 22:30", at(7, 1, 22.5), at(7, 1, 23.5)),
        ("今天凌晨2点到5点在倒渣土", "今天凌晨2点到5点", at(7, 16, 2), at(7, 16, 5)),
        ("昨天晚上十点到十二点", "昨天晚上十点到十二点", at(7, 15, 22), at(7, 16)),
        ("去年10月申请过", "去年10月", at(10, 1, year=2024), at(11, 1, year=2024)),
        ("上个月15号交了钱", "上个月15号", at(6, 15), at(6, 16)),
        ("12月5日报的", "12月5日", at(12, 5, year=2024), at(12, 6, year=2024)),
        ("晚上十一点还在施工", "晚上十一点", at(7, 15, 23), at(7, 16)),
        ("3天前打过电话", "3天前", at(7, 12, 15.5), at(7, 14, 15.5)),
        ("半小时前听到响声", "半小时前", at(7, 16, 14.5), at(7, 16, 15.5)),
    ],
)
def test_times_are_resolved(said: str, words: str, since: datetime, until: datetime):
    found = first(said)
    assert (found.words, found.since, found.until) == (words, since, until)


@pytest.mark.parametrize(
    ("said", "words", "daily"),
    [
        ("每天凌晨2点到5点施工", "每天凌晨2点到5点", (time(2), time(5))),
        ("每晚十点跳广场舞", "每晚十点", (time(22), time(23))),
        ("天天晚上吵", "天天晚上", (time(18), time(0))),
    ],
)
def test_what_comes_every_day_has_its_hours(said: str, words: str, daily: tuple[time, time]):
    found = first(said)
    assert (found.words, found.daily, found.every) == (words, daily, True)
    assert read(said, now=NOW).repeated


@pytest.mark.parametrize(
    ("said", "words", "daily"),
    [
        ("晚上经常有人唱歌", "晚上", (time(18), time(0))),
        ("一到晚上就臭", "一到晚上", (time(18), time(0))),
        ("深夜总是有人飙车", "深夜", (time(22), time(6))),
        ("夜里老是狗叫", "夜里", (time(21), time(6))),
        ("经常在晚上施工", "晚上", (time(18), time(0))),
        ("多次半夜倒渣土", "半夜", (time(23), time(5))),
        ("晚上十点以后经常施工", "晚上十点", (time(22), time(23))),
        ("凌晨两三点常常有货车", "凌晨两三点", (time(2), time(4))),
        ("一般晚上8点到10点跳舞", "晚上8点到10点", (time(20), time(22))),
        ("每晚都吵", "每晚", (time(18), time(0))),
    ],
)
def test_what_is_said_to_come_often_is_a_habit_and_no_moment(said: str, words: str, daily: tuple[time, time]):
    found = first(said)
    assert (found.words, found.every, found.daily, found.since) == (words, True, daily, None)


@pytest.mark.parametrize(
    "said", ["每周五晚上跳舞", "周末经常有人摆摊", "每逢周末都堵", "每个周末晚上都有人", "总是周三停水"]
)
def test_what_comes_on_certain_days_has_no_hours_of_every_day(said: str):
    found = first(said)
    assert (found.every, found.daily, found.since) == (True, None, None)


@pytest.mark.parametrize(
    "said", ["晚上很吵", "白天也停水", "早上和晚上都堵", "从早上到晚上不停", "一直吵到凌晨", "傍晚最堵"]
)
def test_a_part_of_a_day_of_no_day_is_not_resolved(said: str):
    assert [one.since for one in times_in(said, now=NOW)] in ([None], [None, None])


@pytest.mark.parametrize(
    ("said", "since"),
    [
        ("昨天晚上经常去的那家店还在放音乐", at(7, 15, 18)),
        ("上周五晚上总有人敲门", at(7, 11, 18)),
        ("上午停水了", at(7, 16, 8)),
        ("晚上十点楼上老人睡不着", at(7, 15, 22)),
        ("等到了晚上十点才来", at(7, 15, 22)),
    ],
)
def test_a_day_that_is_named_stays_a_moment(said: str, since: datetime):
    assert first(said).since == since


def test_months_on_end_reach_to_now():
    found = first("连续三个月没有人清理")
    assert (found.words, found.until) == ("连续三个月", NOW)
    assert 90 < (NOW - found.since).days < 93
    assert read("连续三个月没有人清理", now=NOW).ongoing


@pytest.mark.parametrize(
    "said", ["三点建议：多种树", "住在五号楼", "一点也不好", "价格2.5元", "12345热线", "几点要求如下"]
)
def test_what_is_no_time_is_not_taken_for_one(said: str):
    assert times_in(said, now=NOW) == []


def test_a_day_no_calendar_has_is_said_but_not_resolved():
    found = first("2月30日")
    assert (found.words, found.since) == ("2月30日", None)


@pytest.mark.parametrize(
    ("said", "ongoing", "repeated"),
    [
        ("至今没人处理", True, False),
        ("又漏水了", False, True),
        ("路灯不亮", False, False),
        ("现在还在响，每次都这样", True, True),
    ],
)
def test_whether_it_goes_on_or_comes_again(said: str, ongoing: bool, repeated: bool):
    reading = read(said, now=NOW)
    assert (reading.ongoing, reading.repeated) == (ongoing, repeated)


@pytest.mark.parametrize(
    ("said", "stretch", "kind"),
    [
        ("请打13812345678找我", "13812345678", "phone"),
        ("电话：138-1234-5678", "138-1234-5678", "phone"),
        ("０７５５－８８８８８８８８谢谢", "０７５５－８８８８８８８８", "phone"),
        ("身份证11010519491231002X", "11010519491231002X", "id"),
        ("卡号6222021234567890128", "6222021234567890128", "card"),
        ("车牌粤B12345乱停", "粤B12345", "plate"),
        ("写信到someone@example.com", "someone@example.com", "email"),
    ],
)
def test_private_numbers_are_found_where_they_stand(said: str, stretch: str, kind: str):
    (found,) = private_in(said)
    assert (said[found.start : found.end], found.kind) == (stretch, kind)


def test_two_phones_next_to_each_other_are_two():
    said = "13812345678 13987654321"
    assert [said[one.start : one.end] for one in private_in(said)] == said.split()


def test_amounts_and_case_numbers_are_not_private():
    assert private_in("工单20250716000123，金额1200000元，A3区12栋1203") == []


@pytest.mark.parametrize("page", ["1" * 200_000, "１" * 200_000, "1" * 100_000 + "a@b.cn，" + "7" * 100_000])
def test_a_page_of_digits_costs_no_more_looks_than_its_end(page: str, monkeypatch: pytest.MonkeyPatch):
    looks: list[str] = []
    monkeypatch.setattr(message, "mask_text", lambda said: looks.append(said) or mask_text(said))
    found = [page[one.start : one.end] for one in private_in(page)]
    assert found == (["1" * 63 + "a@b.cn"] if "@" in page else [])
    assert len(looks) < 200


def test_a_number_at_the_end_of_many_digits_and_an_address_after_them_are_found_as_before():
    for length in (24, 63, 64, 65, 86, 87, 88, 200):
        found = private_in("1" * length + "@b.cn 13812345678")
        assert [one.kind for one in found] == ["email", "phone"], length


MIXED = "你好，{}小区反映：1、楼上每晚放音响太吵；2、单元门口路灯坏了半个月；3、垃圾桶没人清运。请处理。"


def test_a_numbered_list_of_different_matters_is_divided():
    parts = split(MIXED.format("幸福"))
    assert [part[:2] for part in parts] == ["你好", "2、", "3、"]
    assert parts[2].endswith("请处理。")


@pytest.mark.parametrize(
    "said",
    [
        "一、门口的路灯坏了。二、楼道堆满垃圾。",
        "（1）电梯老是停运（2）停车位被外来车占了",
        "第一，晚上广场舞音响太吵。第二，小区井盖丢了。",
        "楼下烧烤店油烟太大。另外，路灯也不亮了。",
        "物业费乱涨。还有，流浪狗咬人没人管。",
        "①学校门口没有红绿灯②公厕太脏",
    ],
)
def test_two_matters_are_two(said: str):
    assert len(split(said)) == 2


@pytest.mark.parametrize(
    ("part", "heading"),
    [
        ("2、路灯不亮", "路灯不亮"),
        ("（3）垃圾桶没人清运", "垃圾桶没人清运"),
        ("②公厕太脏", "公厕太脏"),
        ("二、楼道堆满垃圾", "楼道堆满垃圾"),
        ("1、三楼漏水", "三楼漏水"),
        ("第二，小区井盖丢了", "小区井盖丢了"),
        ("第二个问题：楼道灯坏了", "楼道灯坏了"),
        ("另外，路灯也不亮了", "路灯也不亮了"),
        ("还有，流浪狗咬人", "流浪狗咬人"),
    ],
)
def test_a_heading_is_without_its_number_in_the_list(part: str, heading: str):
    assert unnumbered(part) == heading


@pytest.mark.parametrize(
    "said",
    ["12、13号楼停水", "一、二楼漏水", "10:30停电", "2.5元一度电", "第一中学门口堵车", "110、119都打不通", "1号楼停电",
     "三楼漏水", "另外一栋楼停电", "还有人被困", "2、", ""],
)  # fmt: skip
def test_what_is_no_number_of_a_list_stays(said: str):
    assert unnumbered(said) == said


@pytest.mark.parametrize(
    "said",
    [
        "路灯不亮",
        "我住三楼，去年开始楼上漏水，找过物业，物业说找开发商，开发商说过了保修期。后来又漏了一次，天花板都黑了。希望解决。",
        "楼上漏水。1、什么时候来修漏水？2、漏水造成的损失谁赔？3、下次漏水找谁？",
        "停车位不够。另外希望尽快答复。",
        "晚上施工太吵。还有没有人管？",
        "拖欠工资三个月，共计2.5万元，1月、2月、3月都没发。",
    ],
)
def test_a_single_matter_stays_whole(said: str):
    assert split(said) == [said]


def test_insults_are_noted_and_change_nothing_else():
    plain, rude = read("路灯坏了，没人修", now=NOW), read("路灯坏了，没人修，一群废物", now=NOW)
    assert [one.words for one in rude.tone] == ["废物"]
    assert (plain.times, plain.private, plain.ongoing, len(plain.matters)) == (
        rude.times,
        rude.private,
        rude.ongoing,
        1,
    )


def test_nothing_said_is_nothing_read():
    reading = read("", now=NOW)
    assert (reading.times, reading.private, reading.matters, reading.tone) == ((), (), (), ())


@given(st.one_of(ANY, st.text(max_size=120)))
def test_splitting_keeps_all_words_in_order(text: str):
    assert re.sub(r"\s", "", "".join(split(text))) == re.sub(r"\s", "", text)


@given(st.one_of(ANY, st.text(max_size=120)))
def test_a_heading_is_the_rest_of_the_words(text: str):
    heading = unnumbered(text)
    assert text.endswith(heading) and bool(heading) == bool(text)


@given(st.one_of(ANY, st.text(max_size=120)))
def test_times_stand_in_the_text_and_do_not_overlap(text: str):
    last = 0
    for one in times_in(text, now=NOW):
        assert text[one.start : one.end] == one.words
        assert last <= one.start < one.end
        assert one.since is None or one.since <= one.until
        last = one.end


@given(st.text(alphabet="0123456789１３８ -－粤B·A@.comXx电话，", max_size=60))
@example("－@0.0")
@example("＿－＋％．@ａ—１．ｃ")
def test_private_stretches_lie_inside_and_leave_nothing_to_mask(text: str):
    rest, last = "", 0
    for one in private_in(text):
        assert last <= one.start < one.end <= len(text)
        rest, last = rest + text[last : one.start] + "，", one.end
    rest += text[last:]
    assert mask_text(rest) == rest
