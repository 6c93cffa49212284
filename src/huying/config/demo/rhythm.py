"""When people report, and what: days, hours, weekdays, holidays, weather, hot spots — then each voice and its fate."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, timezone
from itertools import accumulate
from random import Random

from .fates import Planner
from .people import Resident, Town, staff_name
from .phrases import SENSITIVE, ItemVoice, hours, items
from .places import AreaLike, Atlas, PlaceLike, Spot
from .plans import DueOf, FatePlan
from .scene import Setting
from .stories import Cue, bursts, chronic
from .templates import pick
from .voices import Speaker
from .weather import Sky, forecast
from .worktime import is_workday

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
SHARE = {"resident": 0.704, "grid": 0.188, "other": 0.108}
WEEK = (1.13, 1.07, 1.03, 1.0, 1.0, 0.87, 0.79)
PREFIX = {"seat": "RX", "portal": "MS", "grid": "WG", "department": "ZB", "camera": "SP", "device": "GZ"}
TWINS = 0.026  # a second person about the same thing, hours later
# how many matters must stand in each state at the end (for a full history of 20,000; scaled below)
STANDING = {"waiting": 40, "unsigned": 24, "objected": 9, "extension_asked": 8, "whistled": 5, "checking": 26,
            "redo": 9, "calling": 18}  # fmt: skip
LATE = {"yellow": 26, "red": 22, "black": 9}


@dataclass(frozen=True, slots=True)
class VoicedReport:
    """One report of the demo place. ``item_code`` is the truth the text was written from.

    ``lon``/``lat`` are WGS-84 or None when the reporter gave words only; ``photo`` is a kind known to ``photos`` or
    ``""``; ``phone`` lies in a block that is never assigned; ``incident`` is equal for voices about one thing.
    """

    source_id: str
    at: datetime
    channel: str
    item_code: str
    title: str
    text: str
    place_text: str
    area: str
    lon: float | None
    lat: float | None
    reporter: str
    phone: str
    anonymous: bool
    hide_identity: bool
    photo: str
    incident: str
    fate: FatePlan


def make_reports(
    rng: Random,
    place_names: Sequence[PlaceLike],
    areas: Sequence[AreaLike],
    end: datetime,
    days: int = 90,
    count: int = 20_000,
    *,
    due_of: DueOf | None = None,
) -> Iterator[VoicedReport]:
    """``count`` reports of the ``days`` before ``end`` in order of time, each with its fate; same seed, same reports.

    ``due_of(item_code, start)`` gives the closing limit; without it the demo's own table and calendar are used.
    """
    end = (end if end.tzinfo else end.replace(tzinfo=CHINA)).astimezone(CHINA)
    atlas = Atlas(rng, place_names, areas)
    start = end - timedelta(days=days)
    skies = forecast(rng, start.date(), (end.date() - start.date()).days + 1)
    cues = Score(rng, atlas, skies, start, end, count).cues()
    planner = Planner(rng, end, days, due_of)
    _dress(rng, planner, cues, count)
    yield from Stage(rng, atlas, planner).perform(cues)


class Score:
    """Lays out the cues of all voices over the days."""

    def __init__(
        self, rng: Random, atlas: Atlas, skies: Sequence[Sky], start: datetime, end: datetime, count: int
    ) -> None:
        self.rng, self.atlas, self.skies, self.start, self.end, self.count = rng, atlas, skies, start, end, count
        self.pairs: list[tuple[ItemVoice, str, float]] = []
        for number, source in enumerate(SHARE):
            total = sum(item.weights[number] for item in items().values())
            for item in items().values():
                if item.weights[number]:
                    self.pairs.append((item, source, SHARE[source] * item.weights[number] / total))
        self.curves = {name: list(accumulate(curve)) for name, curve in hours().items()}

    def cues(self) -> list[Cue]:
        rng, scale = self.rng, self.count / 20_000
        told = [
            *chronic(rng, self.atlas, self.skies, scale, self.end),
            *bursts(rng, self.atlas, self.skies, scale, self.end),
        ]
        told = [cue for cue in told if self.start <= cue.at <= self.end]
        rng.shuffle(told)
        told = told[: self.count // 6]
        twins = int(self.count * TWINS)
        told += self._everyday(self.count - len(told) - twins)
        told += self._twins(told, twins)
        told.sort(key=lambda cue: cue.at)
        return told

    def _everyday(self, count: int) -> list[Cue]:
        rng, cues = self.rng, list[Cue]()
        plans = [self.day(index, sky) for index, sky in enumerate(self.skies)]
        total = sum(weight for weight, _ in plans) or 1.0
        carried = 0.0
        for sky, (weight, sums) in zip(self.skies, plans, strict=True):
            carried += count * weight / total
            today, carried = int(carried + 1e-9), carried - int(carried + 1e-9)
            for _ in range(today):
                item, source, _ = self.pairs[min(bisect(sums, rng.random() * sums[-1]), len(sums) - 1)]
                cues.append(Cue(self._moment(sky, item, source), item.code, source))
        while cues and len(cues) < count:
            cues.append(Cue(pick(rng, cues).at, pick(rng, cues).code, "resident"))
        return cues

    def day(self, index: int, sky: Sky) -> tuple[float, list[float]]:
        """The weight of a day and the running weights of every (item, source) on it."""
        workday, drive = is_workday(sky.on), sky.drive
        weekend = not workday
        weights = []
        for item, source, weight in self.pairs:
            weight *= 1 + sum(force * drive[kind] for kind, force in item.weather.items())
            if weekend:
                weight *= item.weekend * (0.4 if source == "grid" else 0.04 if item.lean == "school" else 1.0)
                if item.lean == "office":
                    weight *= 0.55
            weights.append(weight)
        sums = list(accumulate(weights))
        pace = WEEK[sky.on.weekday()] if workday == (sky.on.weekday() < 5) else 1.0 if workday else 0.72
        trend = 0.94 + 0.12 * index / max(len(self.skies) - 1, 1)
        return sums[-1] * pace * trend * self._open_share(sky) * self.rng.lognormvariate(0, 0.05), sums

    def _open_share(self, sky: Sky) -> float:
        """The share of the day inside the window (first and last day are cut)."""
        curve, share = self.curves["day"], 1.0
        if sky.on == self.end.date():
            share = (curve[self.end.hour - 1] if self.end.hour else 0.0) / curve[-1]
        if sky.on == self.start.date():
            share -= (curve[self.start.hour - 1] if self.start.hour else 0.0) / curve[-1]
        return max(share, 0.004)

    def _moment(self, sky: Sky, item: ItemVoice, source: str) -> datetime:
        rng, midnight = self.rng, datetime.combine(sky.on, time(), self.end.tzinfo)
        lean = item.lean
        if source == "grid":
            lean = "evening" if item.code in ("0207", "0711", "0502") and rng.random() < 0.8 else "office"
        for _ in range(12):
            if sky.rain > 20 and item.weather.get("rain", 0) >= 3:
                clock = min(max(sky.peak + rng.gauss(0.8, 2.0), 0), 23.99)
            else:
                curve = self.curves[lean]
                clock = bisect(curve, rng.random() * curve[-1]) + rng.random()
            at = midnight + timedelta(seconds=int(min(clock, 23.999) * 3600))
            if self.start <= at <= self.end:
                return at
        low, high = max(self.start, midnight), min(self.end, midnight + timedelta(hours=23.9))
        return low + (high - low) * rng.random()

    def _twins(self, cues: Sequence[Cue], count: int) -> list[Cue]:
        twins: list[Cue] = []
        singles = [cue for cue in cues if cue.source == "resident" and not cue.incident]
        while singles and len(twins) < count:
            first = pick(self.rng, singles)
            at = first.at + timedelta(hours=self.rng.expovariate(1 / 9) + 0.1)
            if at > self.end:
                at = first.at
            if first.spot is None:
                first.spot = self.atlas.spot(self.rng, *self.atlas.anchor(self.rng, items()[first.code].at))
                first.incident = f"twin{len(twins)}"
            twins.append(Cue(at, first.code, "resident", first.spot, first.incident))
        return twins


def _dress(rng: Random, planner: Planner, cues: Sequence[Cue], count: int) -> None:
    """Marks some of the newest matters to stand in each state, and some older ones to be late."""
    scale = min(max(count / 20_000, 0.05), 3.0)
    fresh = [cue for cue in reversed(cues[-int(420 * scale) :]) if not cue.incident and not items()[cue.code].urgent]
    for want, wish in STANDING.items():
        pool = [cue for cue in fresh if not cue.want and cue.source == "resident"][: int(wish * scale * 2.4) + 4]
        if want not in ("waiting", "unsigned", "whistled"):
            pool = [cue for cue in fresh if not cue.want and planner.end - cue.at > timedelta(hours=3)]
        for cue in rng.sample(pool, min(len(pool), max(2, int(wish * scale)))):
            cue.want = want
    left = {light: max(2, int(wish * scale)) for light, wish in LATE.items()}
    for cue in reversed(cues[-int(9000 * scale) :]):
        if cue.want or cue.incident or items()[cue.code].urgent or rng.random() < 0.6 or not any(left.values()):
            continue
        due = planner.due_of(cue.code, cue.at)
        if due is None or due - cue.at < timedelta(hours=3):
            continue
        spent = (planner.end - cue.at) / (due - cue.at)
        light = "yellow" if 0.8 <= spent < 1 else "red" if 1 <= spent < 1.9 else "black" if 2 < spent < 9 else ""
        if left.get(light):
            left[light] -= 1
            cue.want = "stuck"


class Stage:
    """Lets each cue speak: channel, person, words, place, photo, fate."""

    def __init__(self, rng: Random, atlas: Atlas, planner: Planner) -> None:
        self.rng, self.atlas, self.planner = rng, atlas, planner
        self.town, self.speaker = Town(rng), Speaker(rng)
        self._numbers: dict[str, int] = {}
        self._open: dict[tuple[str, str], tuple[str, datetime | None]] = {}
        self._machine = {code: _machine_channel(item) for code, item in items().items()}

    def perform(self, cues: Sequence[Cue]) -> Iterator[VoicedReport]:
        for cue in cues:
            yield self.voice(cue)

    def voice(self, cue: Cue) -> VoicedReport:
        rng, item = self.rng, items()[cue.code]
        channel = self._channel(item, cue.source)
        spot, kind = cue.spot, ""
        if spot is None:
            anchor, kind = self.atlas.anchor(rng, item.at)
            spot = self.atlas.spot(rng, anchor, kind)
        scene = Setting(rng, spot, cue.at, spoken=channel not in ("grid", "camera", "device"))
        person = self.town.resident(rng, spot.anchor.area, channel == "portal")
        if (
            channel == "portal"
            and rng.random() < 0.05
            and item.lean != "office"
            and item.code[:2] not in ("09", "13", "16")
        ):
            scene.fix("place", pick(rng, ("我们这边", "这里", "我们楼下")) if kind != "road" else "这里")
        vague = rng.random() < (0.5 if cue.want == "waiting" else 0.012)
        anonymous = channel in ("portal", "seat") and rng.random() < (
            0.6 if person.voice == "anonymous" else 0.055 if channel == "portal" else 0.025
        )
        text = self.speaker.text(item, channel, scene, person, kind, vague, anonymous)
        title = self.speaker.title(item, scene)
        source_id = self._number(channel, cue.at)
        fate = self._fate(cue, item, scene, channel, source_id)
        shown = channel in ("grid", "camera") or (channel == "portal" and rng.random() < 0.62)
        hide = channel in ("portal", "seat") and rng.random() < (0.42 if item.code in SENSITIVE else 0.05)
        lon, lat = self._point(spot, channel)
        return VoicedReport(
            source_id, cue.at, channel, item.code, title, text, spot.phrase, spot.anchor.area, lon, lat,
            *self._reporter(channel, person, anonymous), anonymous, hide or person.voice == "anonymous",
            item.photo if shown else "", cue.incident, fate,
        )  # fmt: skip

    def _fate(self, cue: Cue, item: ItemVoice, scene: Setting, channel: str, source_id: str) -> FatePlan:
        root = self._open.get((cue.incident, cue.code)) if cue.incident else None
        if root and (root[1] is None or cue.at < root[1]):
            return self.planner.merged(cue.at, root[0])
        fate = self.planner.plan(item, scene, cue.at, channel, cue.want)
        if cue.incident and not fate.marks & {"declined", "transferred"}:
            self._open[cue.incident, cue.code] = (source_id, fate.answered_at)
        return fate

    def _channel(self, item: ItemVoice, source: str) -> str:
        draw = self.rng.random()
        if source == "grid":
            return "grid"
        if source == "resident":
            return "portal" if draw < (0.32 if item.photo else 0.17) else "seat"
        machine = self._machine[item.code]
        return machine if machine and draw < 0.8 else "department"

    def _reporter(self, channel: str, person: Resident, anonymous: bool) -> tuple[str, str]:
        if channel == "grid":
            return f"网格员{staff_name(self.rng)}", ""
        if channel in ("camera", "device", "department"):
            return {"camera": "视频巡查", "device": "物联感知", "department": "部门转办"}[channel], ""
        return ("匿名", "") if anonymous else (person.alias, person.phone)

    def _point(self, spot: Spot, channel: str) -> tuple[float | None, float | None]:
        rng = self.rng
        given = {"seat": 0.25, "portal": 0.85, "department": 0.4}.get(channel, 1.0)
        if rng.random() >= given:
            return None, None
        return round(spot.anchor.lon + (rng.random() - 0.5) * 0.0008, 6), round(
            spot.anchor.lat + (rng.random() - 0.5) * 0.0008, 6
        )

    def _number(self, channel: str, at: datetime) -> str:
        day = f"{at.year}{at.month:02d}{at.day:02d}"
        self._numbers[day] = number = self._numbers.get(day, 0) + 1
        return f"{PREFIX[channel]}{day}{number:05d}"


class Live:
    """A voice whenever asked, for the worker that keeps the screens moving; fates run on into the future."""

    def __init__(
        self, rng: Random, place_names: Sequence[PlaceLike], areas: Sequence[AreaLike], now: datetime,
        *, due_of: DueOf | None = None,
    ) -> None:  # fmt: skip
        self._rng, now = rng, (now if now.tzinfo else now.replace(tzinfo=CHINA)).astimezone(CHINA)
        atlas, self._skies = Atlas(rng, place_names, areas), forecast(rng, now.date(), 40)
        self._score = Score(rng, atlas, self._skies, now, now + timedelta(days=40), 0)
        self._stage = Stage(rng, atlas, Planner(rng, now + timedelta(days=400), 400, due_of))

    def report(self, at: datetime) -> VoicedReport:
        """One report at ``at``: what fits the hour, the day and the weather. Its source id begins with L."""
        rng, at = self._rng, (at if at.tzinfo else at.replace(tzinfo=CHINA)).astimezone(CHINA)
        sky = self._skies[(at.date() - self._skies[0].on).days % len(self._skies)]
        _, sums = self._score.day(0, sky)
        curves = hours()
        for _ in range(40):
            item, source, _ = self._score.pairs[min(bisect(sums, rng.random() * sums[-1]), len(sums) - 1)]
            curve = curves["office" if source == "grid" else item.lean]
            if rng.random() * max(curve) < curve[at.hour]:
                break
        told = self._stage.voice(Cue(at, item.code, source))
        return replace(told, source_id=f"L{told.source_id}{rng.getrandbits(20):05x}")


def _machine_channel(item: ItemVoice) -> str:
    said = "".join(phrase.source for phrase in item.machine)
    if not said:
        return ""
    if any(word in said for word in ("视频", "瞭望", "无人机", "卫片", "遥感", "识别", "热成像", "摄像")):
        return "camera"
    if any(word in said for word in ("转办", "通报", "随访提醒", "提醒：", "指令", "门禁数据")):
        return "department"
    return "device"
