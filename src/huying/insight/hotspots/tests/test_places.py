import pytest

from huying.insight.hotspots.places import alike, core_of, names_of
from huying.insight.hotspots.reading import read


def cores(title, body=""):
    return {name.core for name in names_of(read(title), read(body))}


@pytest.mark.parametrize(
    ("title", "core"),
    [
        ("投诉A市A3区丽景花园小区夜间施工", "丽景花园"),
        ("A市丽景花园二期电梯坏了", "丽景花园"),
        ("希望江城市云溪区枫桥苑小区尽快通气", "枫桥苑"),
        ("关于青溪镇柳泉村修路的问题", "柳泉村"),
        ("建议在槐荫大道增设公交站", "槐荫大道"),
        ("明川实验小学门口乱停车", "明川实验小学"),
        ("举报宏图置业有限公司拖欠工资", "宏图置业"),
        ("丽景·东苑小区停水", "丽景东苑"),
        ("A市青苗创业补贴为何不发", "青苗创业补贴"),
    ],
)
def test_finds_what_a_title_names(title, core):
    assert core in cores(title)


@pytest.mark.parametrize(
    "title", ["我们小区物业不作为", "建议学校门口增加斑马线", "请问公司拖欠工资怎么办", "马路上灰尘太大"]
)
def test_common_words_are_no_names(title):
    assert not {"小区", "我们", "学校", "公司", "马路"} & cores(title)


def test_the_title_counts_more_than_the_body():
    names = names_of(read("丽景花园停水"), read("旁边的枫桥苑小区没有停水。"))
    assert [name.core for name in names] == ["丽景花园", "枫桥苑"]
    assert names[0].weight > names[1].weight


@pytest.mark.parametrize("text", ["丽景花园小区", "丽景花园社区", "丽景花园二期", "丽景花园3栋", "丽景花园"])
def test_writings_of_one_name_have_one_core(text):
    assert core_of(text) == "丽景花园"


def test_likeness_of_names():
    assert alike("丽景花园", "丽景花园") == 1.0
    assert alike("御澜丽景花园", "丽景花园") > 0.8
    assert alike("丽景花园", "枫桥花园") < 0.2
    assert alike("槐荫大道", "解放大道") == 0.0
