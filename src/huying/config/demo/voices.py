"""Puts a text together: who opens how, what happened, what it does to people, what they ask, how they end."""

from __future__ import annotations

import re
from random import Random

from .people import Resident, manner
from .phrases import ItemVoice, items, sections
from .scene import Setting
from .templates import Template, pick

SHORTEST, LONGEST = 12, 220
_STOPS = re.compile(r"[，。！？、；]{2,}")
_ENDS = "。！？!?.～~"
CONSULT = ("13", "16")
QUOTED = ("来电人原话：", "来电人说：", "按来电人要求照录：", "语音转写：")
TYPOS = (
    ("已经", "以经"), ("再", "在"), ("的", "得"), ("那里", "哪里"), ("账", "帐"), ("怎么", "咋"), ("没有", "没得"),
    ("经常", "常常"), ("这样", "这个样"), ("现在", "现在都"), ("影响", "影像"), ("垃圾", "垃级"), ("什么", "啥"),
    ("很", "好"), ("特别", "特別"), ("楼道", "楼到"), ("知道", "知到"), ("希望", "希忘"), ("没人", "冇人"),
    ("不要", "不要不要"), ("晚上", "晚上晚上"),
)  # fmt: skip


def tidy(text: str) -> str:
    """Repairs the seams between phrases: one stop where two met, one at the end."""
    text = _STOPS.sub(_strongest, text).lstrip("，。！？、；").rstrip("，、；")
    return text if text[-1:] in _ENDS or text[-1] in "）”" else text + "。"


def _strongest(match: re.Match[str]) -> str:
    stops = match.group()
    return next((mark for mark in "？！。" if mark in stops), stops[0])


class Speaker:
    """Writes texts; remembers what was said so that no two are the same if it can be helped."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._said: set[str] = set()
        self._hidden = False
        self._voices = sections("voices.txt")
        self._all = tuple(items().values())

    def text(
        self,
        item: ItemVoice,
        channel: str,
        scene: Setting,
        person: Resident,
        place: str,
        vague: bool,
        anonymous: bool = False,
    ) -> str:
        """One text of this matter by this person through this channel (12–220 characters)."""
        self._hidden = anonymous
        for attempt in range(6):
            text = tidy(self._draft(item, channel, scene, person, place, vague and attempt < 3))
            if len(text) < SHORTEST:
                text = tidy(text + self._ask(item, "plain", scene))
            if SHORTEST <= len(text) <= LONGEST and text not in self._said:
                break
        self._said.add(text)
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "。"

    def title(self, item: ItemVoice, scene: Setting) -> str:
        return pick(self._rng, item.titles).say(scene)

    def _draft(self, item: ItemVoice, channel: str, scene: Setting, person: Resident, place: str, vague: bool) -> str:
        if channel == "grid":
            return self._round(item, scene)
        if channel in ("camera", "device") and item.machine:
            return pick(self._rng, item.machine).say(scene)
        if channel == "department":
            return self._passed_on(item, scene)
        if vague and item.vague:
            return self._vague(item, channel, scene)
        if channel == "seat":
            return self._noted(item, scene, person)
        if person.foreign and item.english:
            return self._english(item, scene)
        voice = manner(self._rng, person, item, place)
        return self._style(self._own_words(item, voice, scene, place))

    def _own_words(self, item: ItemVoice, voice: str, scene: Setting, place: str) -> str:
        rng, say, draw = self._rng, self._voices, self._rng.random()
        fact = pick(rng, item.facts).say(scene)
        if item.urgent:
            return f"{fact}{'，' if draw < 0.5 else '！'}{pick(rng, item.asks).say(scene)}"
        if draw < 0.08:
            return fact
        parts = [pick(rng, say[f"open.{voice}"]).say(scene), fact]
        if item.effects and rng.random() < 0.68:
            parts += ["，" if rng.random() < 0.6 else "。", pick(rng, item.effects).say(scene)]
        if 0.08 <= draw < 0.17 and item.code[:2] not in CONSULT:
            parts += ["。", pick(rng, say["story"]).say(scene)]
        elif draw > 0.965 and item.code[:2] not in CONSULT:
            parts += ["。", self._second(item, scene, place)]
        if rng.random() < 0.74:
            parts += ["。", self._ask(item, voice, scene)]
        parts += ["。", pick(rng, say[f"close.{voice}"]).say(scene)]
        return "".join(parts)

    def _ask(self, item: ItemVoice, voice: str, scene: Setting) -> str:
        wish = pick(self._rng, item.asks).say(scene)
        frame = pick(self._rng, self._voices[f"ask.{voice}"])
        return _framed(frame, wish)

    def _second(self, item: ItemVoice, scene: Setting, place: str) -> str:
        """A second matter in the same breath; the first stays the true one."""
        for _ in range(8):
            other = pick(self._rng, self._all)
            if other.code != item.code and place in other.at and other.weights[0] >= 8 and not other.urgent:
                here = scene.later(scene.at)
                here.spoken = True
                here.fix("place", pick(self._rng, ("这里", "旁边", "这边")))
                return pick(self._rng, self._voices["second"]).source + pick(self._rng, other.facts).say(here)
        return ""

    def _noted(self, item: ItemVoice, scene: Setting, person: Resident) -> str:
        """A seat's note: third person, what, so what, what is asked."""
        rng, say = self._rng, self._voices
        scene.fix("person", person.title)
        if rng.random() < 0.09 and not item.urgent:
            return f"{pick(rng, QUOTED)}“{tidy(self._own_words(item, manner(rng, person, item, ''), scene, ''))}”"
        fact = _reported(pick(rng, item.neutral or item.facts).say(scene))
        parts = [pick(rng, say["seat.anonymous" if self._hidden else "seat.head"]).say(scene), fact]
        if item.urgent:
            told = pick(rng, ("已同步电话联系。", "已提醒注意安全。", "通话保持中。", ""))
            return "".join([*parts, "，请", _bare(_reported(pick(rng, item.neutral_asks).say(scene))), "。", told])
        if item.neutral_effects and rng.random() < 0.55:
            parts += ["，", pick(rng, item.neutral_effects).say(scene)]
        parts += ["。", _framed(pick(rng, say["seat.ask"]), _reported(pick(rng, item.neutral_asks).say(scene)))]
        old = person.voice == "elderly" and rng.random() < 0.5
        parts += [pick(rng, say["seat.elderly" if old else "seat.tail"]).say(scene)]
        return "".join(parts)

    def _round(self, item: ItemVoice, scene: Setting) -> str:
        rng = self._rng
        scene.spoken = False
        if not item.grid:
            found = "走访了解到" if item.code[:2] in ("09", "13", "14", "16") else "巡查发现"
            return (
                f"{found}，{pick(rng, item.neutral or item.facts).say(scene)}，建议{pick(rng, item.asks).say(scene)}。"
            )
        text = pick(rng, item.grid).say(scene)
        if text.startswith(scene.spot.phrase):
            text = pick(rng, ("", "", "", "巡查发现", "日常巡查，", "网格巡查：", "入格巡查发现", "下午巡查，")) + text
            if scene.at.hour < 12:
                text = text.replace("下午巡查", "上午巡查")
        return f"{text}。{pick(rng, self._voices['grid.tail']).say(scene)}"

    def _passed_on(self, item: ItemVoice, scene: Setting) -> str:
        rng = self._rng
        if item.machine and rng.random() < 0.4:
            return pick(rng, item.machine).say(scene)
        fact = pick(rng, item.neutral or item.facts).say(scene)
        return f"{pick(rng, self._voices['dept.head']).source}{fact}，请{_bare(pick(rng, item.asks).say(scene))}。"

    def _vague(self, item: ItemVoice, channel: str, scene: Setting) -> str:
        text = pick(self._rng, item.vague).say(scene)
        if channel != "seat":
            return text
        return (
            pick(self._rng, ("市民来电称：", "来电人讲述不清，只说", "来电人情绪激动，称", "通话中断，只记到：")) + text
        )

    def _english(self, item: ItemVoice, scene: Setting) -> str:
        rng = self._rng
        text = pick(rng, item.english).say(scene)
        hello = pick(rng, ("", "", "Hello, ", "Hi, ", "Dear sir or madam, ", "你好，我是外国人，中文不好。"))
        return (
            hello
            + text
            + pick(rng, ("", "", " Thank you.", " Thanks!", " 谢谢", " I live nearby and pass here daily."))
        )

    def _style(self, text: str) -> str:
        """How people type: a slip, blanks for commas, loud stops."""
        rng, draw = self._rng, self._rng.random()
        text = tidy(text)
        if draw < 0.05:
            right, slip = pick(rng, TYPOS)
            return text.replace(right, slip, 1)
        if draw < 0.09:
            return text.rstrip("。").replace("，", " ").replace("。", " ")
        if draw < 0.12:
            return text.rstrip("。！") + "！！！"
        if draw < 0.15:
            return text.rstrip("。")
        return text


def _reported(words: str) -> str:
    """First person turned into a seat's third person."""
    if "我" not in words and "你们" not in words:
        return words
    return words.replace("我家", "来电人家").replace("我们", "大家").replace("我", "来电人").replace("你们", "工作人员")


def _bare(wish: str) -> str:
    return wish[1:] if wish.startswith("请") else wish


def _framed(frame: Template, wish: str) -> str:
    """The wish inside its frame; frames that would stammer (请请…) give way."""
    lead = frame.source.split("{q}")[0]
    if wish.startswith("请") and lead:
        return f"{wish}。"
    if lead.endswith("能") and wish.startswith(("马上", "赶紧", "尽快", "快")):
        return f"请{wish}。"
    return frame.source.replace("{q}", wish).replace("{tel}", "晚上七点")
