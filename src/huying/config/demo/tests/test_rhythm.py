"""When the demo place reports: rhythm, weather, hot spots, channels."""

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random

import pytest

from huying.config.demo import Live, make_reports
from huying.config.demo.places import kind_of
from huying.config.demo.rhythm import CHINA
from huying.config.demo.weather import forecast
from huying.config.demo.worktime import DAY, WorkTime, is_workday

from .town import END, PLACES


def test_in_order_inside_the_window_with_unique_ids(reports) -> None:
    times = [report.at for report in reports]
    assert times == sorted(times)
    assert END - timedelta(days=90) <= times[0] and times[-1] <= END
    assert len({report.source_id for report in reports}) == len(reports)


def test_channels_mix(reports) -> None:
    share = Counter(report.channel for report in reports)
    total = len(reports)
    assert 0.50 < share["seat"] / total < 0.60
    assert 0.16 < share["portal"] / total < 0.24
    assert 0.12 < share["grid"] / total < 0.18
    assert 0.07 < (share["department"] + share["camera"] + share["device"]) / total < 0.13


def test_days_breathe(reports) -> None:
    days = Counter(report.at.date() for report in reports)
    whole = [day for day in days if END.date() - timedelta(days=89) < day < END.date()]
    weekday = [days[day] for day in whole if is_workday(day)]
    weekend = [days[day] for day in whole if not is_workday(day)]
    assert sum(weekend) / len(weekend) < 0.9 * sum(weekday) / len(weekday)
    assert all(days[day] > 60 for day in whole)


def test_hours_have_two_peaks_and_noise_at_night(reports) -> None:
    hours = Counter(report.at.hour for report in reports)
    assert hours[9] > hours[13] and hours[9] > 5 * hours[3]
    noise = Counter(report.at.hour for report in reports if report.item_code == "0711")
    assert noise[22] + noise[23] + noise[0] > noise[9] + noise[10] + noise[11]


def test_rain_brings_water(reports) -> None:
    wet = Counter(report.at.date() for report in reports if report.item_code in ("1212", "1501", "1504"))
    assert wet.most_common(1)[0][1] >= 8
    assert wet.most_common(1)[0][1] > 5 * sorted(wet.values())[len(wet) // 2] or len(wet) < 60


def test_hot_spots_and_bursts_exist(reports) -> None:
    incidents = Counter(report.incident for report in reports if report.incident)
    assert any(name.startswith("cut") and count >= 6 for name, count in incidents.items())
    places = Counter(report.place_text for report in reports if report.item_code == "0711")
    assert places.most_common(1)[0][1] >= 60


def test_weather_is_seasonal_and_deterministic() -> None:
    summer = forecast(Random(3), date(2026, 6, 1), 90)
    winter = forecast(Random(3), date(2025, 12, 1), 90)
    assert sum(sky.high for sky in summer) / 90 > 29 > 24 > sum(sky.high for sky in winter) / 90
    assert sum(sky.rain for sky in summer) > 3 * sum(sky.rain for sky in winter)
    assert max(sky.rain for sky in winter) >= 55
    assert forecast(Random(3), date(2026, 6, 1), 90) == summer


def test_working_time_moves_over_lunch_night_weekend_and_holidays() -> None:
    time = WorkTime(date(2026, 9, 1), 60)
    friday = datetime(2026, 9, 4, 17, 0, tzinfo=CHINA)
    assert time.after(friday, 60) == datetime(2026, 9, 4, 18, 0, tzinfo=CHINA)
    assert time.after(friday, 90) == datetime(2026, 9, 7, 9, 0, tzinfo=CHINA)
    assert time.after(datetime(2026, 9, 7, 11, 30, tzinfo=CHINA), 60) == datetime(2026, 9, 7, 14, 30, tzinfo=CHINA)
    assert not is_workday(date(2026, 10, 1)) and not is_workday(date(2199, 1, 5))
    assert time.minutes(time.after(friday, 5 * DAY)) - time.minutes(friday) == 5 * DAY


@pytest.mark.parametrize(
    ("name", "kind", "ours"),
    [("锦绣花园", "", "estate"), ("学府路", "poi", "road"), ("上塘村", "", "village"), ("云溪河", "", "river"),
     ("实验小学", "poi", "school"), ("学府路12号", "", "address"), ("某处", "公园", "park"), ("某处", "", "estate")],
)  # fmt: skip
def test_kinds_are_known_by_name_or_ending(name: str, kind: str, ours: str) -> None:
    assert kind_of(name, kind) == ours


def test_small_places_and_odd_ends_work() -> None:
    for end in (END.replace(hour=0, minute=5), END.replace(month=1, day=3), END.replace(month=7)):
        few = list(make_reports(Random(1), PLACES[:1], [], end, days=10, count=300))
        assert len(few) == 300
    with pytest.raises(ValueError):
        list(make_reports(Random(1), [], [], END, count=10))


def test_live_speaks_when_asked() -> None:
    live = Live(Random(5), PLACES, [], END)
    said = [live.report(END + timedelta(minutes=7 * number)) for number in range(60)]
    assert len({report.source_id for report in said}) == 60
    assert all(report.fate.steps for report in said)
    assert all(report.source_id.startswith("L") for report in said)
