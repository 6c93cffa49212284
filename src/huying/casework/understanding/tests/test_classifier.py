"""Learning from few and from odd examples, honest probabilities, and models kept as bytes."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.casework.understanding.learning.calibration import calibrate, mixed
from huying.casework.understanding.learning.classifier import Classifier, learn
from huying.casework.understanding.learning.copies import groups, overlapping
from huying.casework.understanding.learning.cutting import normalise
from huying.casework.understanding.learning.features import BITS, SPAN, runs
from huying.casework.understanding.learning.spans import telling, tells

PLACES = ("东门", "西街", "三号楼", "菜场", "河边", "北苑", "中心广场", "南桥")
SAYINGS = {
    "照明": ("路灯不亮", "路灯坏了没人修", "灯杆倾斜", "楼道灯一直闪", "晚上漆黑一片，没有照明"),
    "噪音": ("半夜施工噪音大", "广场舞音乐太吵", "楼上装修很吵睡不着", "酒吧音响扰民", "喇叭声吵得老人休息不好"),
    "垃圾": ("垃圾没人清运", "生活垃圾堆成山发臭", "有人乱倒建筑垃圾", "垃圾桶满了好几天", "卫生死角臭气熏天"),
}
EXAMPLES = [(f"{place}{saying}", label) for label, said in SAYINGS.items() for saying in said for place in PLACES]
TEXTS = [text for text, _ in EXAMPLES]
LABELS = [label for _, label in EXAMPLES]


@pytest.fixture(scope="module")
def model():
    return learn(TEXTS, LABELS)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("幼儿园门口的路灯又不亮了", "照明"),
        ("学校 旁边 酒吧 半夜 很 吵", "噪音"),
        ("垃圾桶旁边有人乱倒垃圾", "垃圾"),
    ],
)
def test_says_what_new_texts_are_about_raw_or_cut(model, text, label):
    guesses = model.guesses([text])[0]
    assert guesses[0].label == label
    assert guesses[0].probability > 0.6
    assert [one.probability for one in guesses] == sorted((one.probability for one in guesses), reverse=True)


def test_words_are_stretches_of_the_text(model):
    text = "河边的路灯坏了，晚上漆黑"
    first = model.guesses([text], k=1)[0][0]
    assert 1 <= len(first.words) <= 3
    assert all(word in normalise(text) for word in first.words)
    assert any("灯" in word for word in first.words)


@pytest.fixture(scope="module")
def polite():
    """Learned where all who write of lamps are polite and live in one road, so that all of this speaks for lamps."""
    lamps = [f"尊敬的领导您好，柳岸路{text}，希望相关部门尽快解决" for text in TEXTS[:40]]
    return learn([*lamps, *TEXTS[40:]], LABELS)


@pytest.mark.parametrize(
    "text",
    [
        "领导您好，柳岸路12号楼3单元的路灯不亮了，希望相关部门尽快解决",
        "您好，柳岸路的居民反映：路灯不亮，请有关部门处理",
    ],
)
def test_reasons_are_telling_words_and_neither_courtesy_nor_places(polite, text):
    (first, *_others) = polite.guesses([text], k=1, names=[["柳岸路"]])[0]
    assert first.label == "照明" and any("路灯" in word for word in first.words)
    idle = "领导 您好 希望 部门 解决 尽快 居民 反映 处理 柳岸 岸路 号楼 单元 12".split()  # noqa: SIM905
    assert not [word for word in first.words if any(one in word for one in idle)]


def test_where_nothing_telling_is_said_no_reason_is_given(polite):
    (guess,) = polite.guesses(["领导您好，希望尽快解决"], k=1)[0]
    assert (guess.label, guess.words) == ("照明", ())


@pytest.mark.parametrize(
    ("word", "telling_one"), [("路灯", True), ("希望", False), ("相关", False), ("我们", False), ("的是", False)]
)
def test_a_word_picked_elsewhere_is_weighed_the_same_way(word, telling_one):
    assert tells(word) is telling_one


def test_reasons_are_whole_words(model):
    for text, label in (("半夜施工噪音大得很", "噪音"), ("小区里生活垃圾没人清运", "垃圾")):
        words = model.guesses([text], k=1)[0][0].words
        borders = {place for first, last in telling(normalise(text)) for place in (first, last)}
        assert words and model.guesses([text], k=1)[0][0].label == label
        assert all({text.index(word), text.index(word) + len(word)} <= borders for word in words)


def test_names_belong_to_their_own_text(polite):
    texts = ["柳岸路的路灯", "柳岸路的路灯"]
    named, unnamed = (found[0].words for found in polite.guesses(texts, k=1, names=[["柳岸路"], []]))
    assert named == ("路灯",) and named != unnamed


@settings(max_examples=60)
@given(st.text() | st.sampled_from(TEXTS), st.lists(st.sampled_from(PLACES), max_size=2))
def test_telling_words_lie_in_the_text_in_order(text, names):
    plain, last = normalise(text), 0
    for first, end in telling(plain, names):
        assert last <= first < end <= len(plain) and end - first > 1
        assert not any(name in plain[first:end] for name in names)
        last = end


@settings(max_examples=40)
@given(st.lists(st.text() | st.sampled_from(TEXTS), max_size=6))
def test_rows_sum_to_one_for_any_texts(model, texts):
    chances = model.probabilities(texts)
    assert chances.shape == (len(texts), 3)
    assert chances.dtype == np.float32
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert len(model.guesses(texts)) == len(texts)


@settings(max_examples=25)
@given(st.permutations(TEXTS[::9]))
def test_a_text_is_judged_alike_in_any_company(model, texts):
    alone = {text: model.probabilities([text])[0] for text in texts[:3]}
    together = model.probabilities(texts)
    for text, chances in alone.items():
        assert np.allclose(together[texts.index(text)], chances, atol=1e-6)


def test_learning_twice_gives_the_very_same(model):
    assert learn(TEXTS, LABELS).dump() == model.dump()


def test_a_kept_model_says_the_very_same(model):
    again = Classifier.load(model.dump())
    assert again.labels == model.labels
    assert np.array_equal(again.probabilities(TEXTS), model.probabilities(TEXTS))
    assert again.guesses(TEXTS[:5]) == model.guesses(TEXTS[:5])
    assert again.dump() == model.dump()


@pytest.mark.parametrize("harm", ["empty", "short", "noise", "middle", "other"])
def test_a_spoilt_model_is_refused(model, harm):
    blob = model.dump()
    middle = len(blob) // 2
    spoilt = {
        "empty": b"",
        "short": blob[:middle],
        "noise": random.Random(1).randbytes(500),
        "middle": blob[:middle] + bytes(byte ^ 0xFF for byte in blob[middle : middle + 40]) + blob[middle + 40 :],
        "other": b"PK\x05\x06" + bytes(18),
    }[harm]
    with pytest.raises(ValueError, match="not a kept classifier"):
        Classifier.load(spoilt)


@settings(max_examples=30)
@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_one_wrong_byte_is_refused_or_harmless(model, place, flip):
    blob = bytearray(model.dump())
    blob[place % len(blob)] ^= flip
    try:
        again = Classifier.load(bytes(blob))
    except ValueError:
        return
    assert np.array_equal(again.probabilities(TEXTS[:20]), model.probabilities(TEXTS[:20]))


@pytest.mark.parametrize(
    ("texts", "labels", "weights"),
    [
        (["路灯"], ["照明"], None),
        ([], [], None),
        (["路灯", "噪音"], ["照明"], None),
        (["路灯", "噪音"], ["照明", "噪音"], [1.0]),
        (["路灯", "噪音"], ["照明", "噪音"], [1.0, 0.0]),
        (["路灯", "噪音"], ["照明", "噪音"], [1.0, float("nan")]),
    ],
)
def test_what_cannot_be_learned_is_refused(texts, labels, weights):
    with pytest.raises(ValueError, match=r"equally many|two different|positive"):
        learn(texts, labels, weights=weights)


def test_two_texts_are_enough_and_claim_little():
    small = learn(["路灯不亮", "半夜噪音"], ["照明", "噪音"])
    chances = dict(zip(small.labels, small.probabilities(["路灯坏了"])[0], strict=True))
    assert chances["照明"] > chances["噪音"]
    assert np.allclose(small.probabilities(["", "zzz"]).sum(axis=1), 1)


def test_texts_without_a_readable_sign_are_learned_from_without_harm():
    odd = learn(["", "！！！", "\ud800", "路灯不亮"], ["甲", "乙", "甲", "乙"])
    assert np.all(np.isfinite(odd.probabilities(["", "路灯", "\ud800"])))


def test_a_label_with_one_example_among_many():
    lone = learn([*TEXTS, "电梯困人，按钮失灵"], [*LABELS, "电梯"])
    assert lone.guesses(["电梯按钮失灵了"])[0][0].label == "电梯"


def test_many_labels():
    labels = [f"类{number}" for number in range(150)]
    texts = [
        f"{chr(0x4E00 + number * 3)}{chr(0x5E00 + number * 5)}{place}" for number in range(150) for place in "东西南"
    ]
    model = learn(texts, [label for label in labels for _ in range(3)])
    said = [
        one[0].label for one in model.guesses([f"{chr(0x4E00 + n * 3)}{chr(0x5E00 + n * 5)}北" for n in range(150)])
    ]
    assert np.mean([one == other for one, other in zip(said, labels, strict=True)]) > 0.95


def test_weights_decide_between_contrary_examples():
    texts, labels = [*TEXTS, *["花园里的水管漏水"] * 2], [*LABELS, "照明", "噪音"]
    for heavy, label in ((-2, "照明"), (-1, "噪音")):
        weights = [1.0] * len(texts)
        weights[heavy] = 20.0
        assert learn(texts, labels, weights=weights).guesses(["花园水管漏水"])[0][0].label == label


def test_the_same_message_raw_and_cut_is_one_group():
    raw = "我们小区东门的路灯坏了一个多月，物业一直没有派人来修，晚上老人出门很危险"
    cut = "小区 东门 路灯 坏 一个 多月 物业 派人 修 晚上 老人 出门 危险"
    other = "菜场后面的空地天天有人烧垃圾，浓烟滚滚，窗户都不敢开"
    numbers = groups([raw, other, cut, raw])
    assert numbers[0] == numbers[2] == numbers[3] != numbers[1]
    assert overlapping([cut, other], [raw]).tolist() == [True, False]
    assert groups([]).tolist() == []


def test_empty_texts_are_nobodys_copies():
    assert len(set(groups(["", "", "路灯不亮", "！"]).tolist())) == 4


def test_the_same_words_say_more_where_a_text_opens():
    rest = "住户多次反映没有结果，物业和社区互相推诿，大家意见很大，" * 4
    texts, labels = [], []
    for place in PLACES:
        texts += [f"{place}医院{rest}附近学校", f"{place}学校{rest}附近医院"]
        labels += ["卫生", "教育"]
    model = learn(texts, labels)
    assert [one[0].label for one in model.guesses([f"医院{rest}学校", f"学校{rest}医院"])] == ["卫生", "教育"]


@given(st.text() | st.sampled_from(TEXTS).map(lambda text: text * 20))
def test_runs_of_an_opening_are_runs_of_the_text_again(text):
    read = runs([text])
    opening = read.hashes >= 1 << BITS
    places = set(zip(read.firsts[~opening].tolist(), read.lasts[~opening].tolist(), strict=True))
    assert set(zip(read.firsts[opening].tolist(), read.lasts[opening].tolist(), strict=True)) <= places
    assert bool(opening.any()) == bool(len(read.hashes))
    assert np.all((read.hashes >= 0) & (read.hashes < SPAN)) and np.all(read.weights > 0)


def scored(seed, texts, labels=4):
    """Scores as of a model that takes one label in three for the next one, and the truth."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(labels, size=texts)
    seen = np.where((truth == 1) & (chance.random(texts) < 0.5), 2, truth)
    scores = 0.3 * np.eye(labels)[seen] + 0.2 * np.eye(labels)[truth] + chance.normal(0, 0.1, (texts, labels))
    return scores.astype(np.float32), truth, np.ones(texts, np.float32)


def surprise(scores, truth, weights):
    chances = calibrate(scores, truth, weights).probabilities(scores)
    return -np.log(chances[np.arange(len(truth)), truth]).mean()


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_a_mix_learned_on_some_texts_makes_the_truth_of_others_likelier(seed):
    scores, truth, weights = scored(seed, 3000)
    mix = mixed(scores[:2000], truth[:2000], weights[:2000])
    assert surprise(scores[2000:] @ mix, truth[2000:], weights[2000:]) < surprise(
        scores[2000:], truth[2000:], weights[2000:]
    )


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_few_texts_or_many_labels_leave_scores_nearly_as_they_are(seed):
    assert np.allclose(mixed(*scored(seed, 3)), np.eye(4), atol=0.05)
    assert np.array_equal(mixed(*scored(seed, 200, labels=60)), np.eye(60, dtype=np.float32))
