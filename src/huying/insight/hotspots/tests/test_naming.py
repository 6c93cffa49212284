import pytest

from huying.insight.hotspots.likeness import features
from huying.insight.hotspots.naming import named, problem_in

from .messages import matter, message


def name_of(messages):
    return named([(one.title, features(one.title, one.text)) for one in messages])


def test_a_group_is_named_by_place_and_problem():
    naming = name_of(matter("noise"))
    assert naming.place == "丽景花园小区" or naming.place == "丽景花园"
    assert naming.name.startswith(naming.place + "：")
    assert "施工" in naming.problem or "打桩" in naming.problem


@pytest.mark.parametrize("which", ["noise", "lift", "other", "subsidy", "alone"])
def test_names_are_short_and_without_polite_openings(which):
    naming = name_of(matter(which))
    assert 4 <= len(naming.name) <= 32
    assert not naming.problem.startswith(("投诉", "请", "关于", "建议", "的"))
    assert not naming.problem.endswith(("问题", "？", "的"))
    assert naming.place not in naming.problem


def test_a_scheme_is_a_place_too():
    assert name_of(matter("subsidy")).place.startswith("青苗创业")


@pytest.mark.parametrize(
    ("title", "places", "problem"),
    [
        ("投诉A市A2区丽景花园小区夜间施工噪音扰民的问题", ["丽景花园小区"], "夜间施工噪音扰民"),
        ("关于丽景花园停水的投诉", ["丽景花园"], "停水"),
        ("A市地铁施工扰民，请管管！", [], "地铁施工扰民，请管管"),
    ],
)
def test_the_problem_in_a_title(title, places, problem):
    assert problem_in(title, places) == problem


LISTED = [
    ("2、梧桐里小区路灯坏了半个月没人修", ["梧桐里小区"], "路灯坏了半个月没人修"),
    ("（3）梧桐里小区垃圾清运不及时", ["梧桐里小区"], "垃圾清运不及时"),
    ("第二，物业乱收停车费", [], "物业乱收停车费"),
    ("二、外墙瓷砖脱落伤人", [], "外墙瓷砖脱落伤人"),
    ("其三：消防通道被占", [], "消防通道被占"),
    ("1．雨天地下车库倒灌", [], "雨天地下车库倒灌"),
    ("①楼道堆满杂物", [], "楼道堆满杂物"),
    ("梧桐里小区 1、停车难 2、电梯坏", ["梧桐里小区"], "停车难、电梯坏"),
    ("反映梧桐里小区：一是没有路灯；二、夜里烧烤摊油烟大", ["梧桐里小区"], "夜里烧烤摊油烟大"),
]
NO_LIST = [
    ("柳岸名邸一、二期业主停水三天", ["柳岸名邸"], "一、二期业主停水三天"),
    ("占道砌了3.5米高的围墙", [], "占道砌了3.5米高的围墙"),
    ("2、3栋楼顶漏水", [], "2、3栋楼顶漏水"),
    ("物业费涨到30，业主不同意", [], "物业费涨到30，业主不同意"),
]
POINTING = [
    ("关于梧桐里小区以下几个问题：路灯坏了、垃圾没人清", ["梧桐里小区"], "路灯坏了、垃圾没人清"),
    ("建议优化以下几个路口的红绿灯", [], "优化路口的红绿灯"),
    ("一些渣土车夜间超速", [], "渣土车夜间超速"),
    ("几个烧烤摊占道经营", [], "烧烤摊占道经营"),
    ("请解决上述路段积水的相关问题", [], "解决上述路段积水"),
    ("梧桐里小区物业收费方面存在以下几点问题", ["梧桐里小区"], "物业收费"),
    ("投诉物业乱收费等若干问题", [], "物业乱收费"),
    ("有关学校食堂饭菜不新鲜的情况如下", [], "学校食堂饭菜不新鲜"),
]
NOT_POINTING = [
    ("拖欠工人几个月工资", [], "拖欠工人几个月工资"),
    ("几个月没发退休金", [], "几个月没发退休金"),
    ("十二岁以下儿童免票没落实", [], "十二岁以下儿童免票没落实"),
    ("凌晨噪音七十分贝以上", [], "凌晨噪音七十分贝以上"),
    ("三楼以下住户水压不足", [], "三楼以下住户水压不足"),
    ("图书馆周末开到几点", [], "图书馆周末开到几点"),
    ("梧桐里小区老人出行难问题", ["梧桐里小区"], "老人出行难"),
    ("新老住户收费不平等问题", [], "新老住户收费不平等"),
    ("柳岸名邸（洋房）二期没有达标就交房", ["柳岸名邸"], "洋房二期没有达标就交房"),
]


@pytest.mark.parametrize(("title", "places", "problem"), [*LISTED, *NO_LIST, *POINTING, *NOT_POINTING])
def test_numbers_of_a_list_and_words_that_point_at_one_stay_out(title, places, problem):
    assert problem_in(title, places) == problem


@pytest.mark.parametrize(
    "title", ["反映以下几个问题", "如下几点建议", "有关情况", "相关问题反映", "存在的一些问题", "三点意见"]
)
def test_a_title_that_only_points_says_nothing(title):
    assert problem_in(title, []) == ""


def test_what_only_points_is_no_place():
    naming = name_of([message(str(n), "以下小区夜间停水", "夜里十点以后没有水。", n) for n in range(3)])
    assert "以下" not in naming.name and "停水" in naming.name


def test_nothing_to_name():
    assert name_of([]).name == ""
