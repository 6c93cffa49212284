"""Ladders as data people edit: versions with a source and a beginning, who sees and who changes them, who would be called."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import COUNTY, GRID_1, GRID_3, LIUAN, NOW, Cast
from huying.ground.organisation.models import Person
from huying.kernel.actor import SYSTEM
from huying.kernel.clock import now as clock_now
from huying.kernel.errors import Conflict, Forbidden, HuyingError, Invalid
from huying.kernel.privacy import blind
from huying.kernel.trace import Entry
from huying.senses.alarms import ladder, ladders
from huying.senses.alarms.actions import save_ladder
from huying.senses.alarms.calling import from_settings
from huying.senses.alarms.checks import check_caller, check_sender
from huying.senses.alarms.desk import ladder_form as form
from huying.senses.alarms.models import LadderPolicy, Step
from huying.senses.devices.factories import make_keeper

from .conftest import contact, make_device
from .test_api import API, keyed, signed_in
from .test_pages import Desk, desk, said

__all__ = ["desk"]
RUNGS = [{"after": 0, "who": ["grid_worker"], "by": ["app"]}, {"after": 120, "who": ["centre"], "by": ["app", "sms"]}]
GOOD: dict[str, Any] = {"rungs": RUNGS, "area": LIUAN, "kind": "smoke", "severity": 3, "source": "街道〔2026〕3 号"}
HOUR = timedelta(hours=1)


def held(actor: Any, now: Any = NOW) -> dict[ladders.Key, ladders.Held]:
    page = ladders.of_places(actor, now=now)
    return {one.key: one for one in (*ladders.everywhere(actor, now=now), *page.rows)}


def test_what_comes_with_the_program_says_its_source_in_both_languages() -> None:
    for one in ladder.defaults():
        assert one.source and one.source_en and one.source_en.isascii(), one


def test_versions_stay_and_the_newest_in_force_counts(cast: Cast) -> None:
    luo = make_keeper(cast)
    first = save_ladder(**GOOD, actor=luo, now=NOW, seen=0)
    later = save_ladder(**GOOD | {"rungs": RUNGS[:1]}, valid_from=NOW + HOUR, actor=luo, now=NOW, seen=first.pk)
    key = (LIUAN, "smoke", 3)
    one = held(cast.tang_grid)[key]
    assert (one.row, one.coming, len(one.policy.rungs)) == (first, later, 2)
    one = held(cast.tang_grid, NOW + HOUR)[key]
    assert (one.row, one.coming, len(one.policy.rungs)) == (later, None, 1)
    assert ladders.versions(cast.tang_grid, key) == [later, first]
    entries = Entry.objects.filter(chain=f"alarm-ladder:{LIUAN}").order_by("seq")
    assert [(each.verb, each.actor_ref) for each in entries] == [("ladder", luo.ref)] * 2
    near = ladders.in_force(NOW, [GRID_1, GRID_3])
    assert {one.kind: len(one.rungs) for one in near if one.area} == {"smoke": 2}
    assert {one.area for one in ladders.in_force(NOW, [GRID_3])} == {""}, "of other areas nothing is read"


@pytest.mark.parametrize(
    ("wrong", "error", "where"),
    [
        ({"rungs": []}, Invalid, "rungs"),
        ({"rungs": [RUNGS[0] | {"after": None}]}, Invalid, "rungs[0].after"),
        ({"severity": 5}, Invalid, "severity"),
        ({"source": " "}, Invalid, "source"),
        ({"source": "长" * 201}, Invalid, "source"),
        ({"source_en": "x" * 201}, Invalid, "source_en"),
        ({"kind": "nonsense"}, Invalid, "kind"),
        ({"valid_from": NOW - HOUR}, Invalid, "valid_from"),
        ({"valid_from": NOW.replace(year=9999)}, Invalid, "valid_from"),
        ({"valid_from": (NOW + HOUR).replace(tzinfo=None)}, Invalid, "valid_from"),
        ({"rungs": [RUNGS[0] | {"who": [{}]}]}, Invalid, "rungs[0].who"),
        ({"rungs": [RUNGS[0] | {"by": [["app"]]}]}, Invalid, "rungs[0].by"),
        ({"source": "依据\x00"}, Invalid, "source"),
        ({"source_en": "x\x00"}, Invalid, "source_en"),
        ({"kind": "\x00"}, Invalid, "kind"),
        ({"area": "12"}, Forbidden, ""),
        ({"seen": 77}, Conflict, ""),
    ],
)
def test_what_cannot_be_saved_leaves_nothing(cast: Cast, wrong: Any, error: type[HuyingError], where: str) -> None:
    luo = make_keeper(cast)
    with pytest.raises(error) as no:
        save_ladder(**GOOD | {"actor": luo, "now": NOW} | wrong)
    assert not where or where in no.value.fields
    assert not LadderPolicy.objects.exists()
    assert not Entry.objects.filter(chain__startswith="alarm-ladder").exists()


def test_who_only_sees_devices_saves_none(cast: Cast) -> None:
    with pytest.raises(Forbidden):
        save_ladder(**GOOD, actor=cast.tang_grid, now=NOW)
    assert not LadderPolicy.objects.exists()


def test_ladders_are_shown_where_they_concern_somebody(cast: Cast) -> None:
    luo = make_keeper(cast)
    for area in (COUNTY, LIUAN, GRID_1, GRID_3):
        save_ladder(**GOOD | {"area": area}, actor=luo, now=NOW)
    own = {key[0] for key, one in held(cast.tang_grid).items() if one.row}
    assert own == {COUNTY, LIUAN, GRID_1}
    assert ladders.versions(cast.tang_grid, (GRID_3, "smoke", 3)) == []


def test_whom_it_would_call_now(cast: Cast) -> None:
    device = make_device()
    contact(device, 1, "guardian", name="张大妈", phone="13700000009", phone_blind=blind("13700000009"))
    Person.objects.filter(pk=cast.tang_grid.person_id).update(phone="13900000002")
    policy = ladder.pick(ladder.defaults(), area=device.area, kind="smoke", severity=4)
    assert policy is not None
    found = ladders.would_call(device, policy, now=NOW)
    names = [[(one.who, one.name) for one in each.called] for each in found]
    assert ("guardian", "") in names[0]
    assert ("grid_worker", "唐网格") in names[1]
    assert "keeper" in found[0].nobody
    assert not Step.objects.exists()


def test_a_page_of_ladders_is_as_long_as_it_is_asked_whatever_their_versions(cast: Cast) -> None:
    luo = make_keeper(cast)
    rows = [save_ladder(**GOOD, valid_from=NOW + n * HOUR, actor=luo, now=NOW) for n in range(4)]
    gas = save_ladder(**GOOD | {"kind": "gas", "area": GRID_1}, actor=luo, now=NOW)
    other = save_ladder(**GOOD | {"area": GRID_1}, valid_from=NOW + 3 * HOUR, actor=luo, now=NOW)
    now, seen, cursor = NOW + 2 * HOUR, [], None
    while True:
        page = ladders.of_places(luo, now=now, cursor=cursor, size=1)
        seen += [(one.key, one.row, one.coming, one.begins) for one in page.rows]
        if (cursor := page.next) is None:
            break
    assert seen == [
        ((GRID_1, "gas", 3), gas, None, False),
        ((LIUAN, "smoke", 3), rows[2], rows[3], False),
        ((GRID_1, "smoke", 3), None, other, True),
    ]
    assert ladders.one(luo, (LIUAN, "smoke", 3), now=NOW) == held(luo)[(LIUAN, "smoke", 3)]


def test_ladders_are_narrowed_by_kind_and_by_what_concerns_an_area(cast: Cast) -> None:
    luo = make_keeper(cast)
    for area, kind in ((COUNTY, "smoke"), (LIUAN, "smoke"), (GRID_1, "gas"), (GRID_3, "smoke"), (LIUAN, "")):
        save_ladder(**GOOD | {"area": area, "kind": kind}, actor=luo, now=NOW)

    def keys(**wanted: Any) -> list[tuple[str, str]]:
        return [one.key[:2] for one in ladders.of_places(luo, now=NOW, **wanted).rows]

    assert keys(kind="smoke", area=LIUAN) == [(COUNTY, "smoke"), (LIUAN, "smoke")]
    assert keys(kind="", area=GRID_1) == [(LIUAN, "")]
    assert keys(area=GRID_1) == [(LIUAN, ""), (GRID_1, "gas"), (COUNTY, "smoke"), (LIUAN, "smoke")]
    assert keys(kind="\x00") == []
    assert {one.policy.kind for one in ladders.everywhere(luo, now=NOW, kind="gas")} == {"gas"}


def test_what_only_begins_later_is_not_said_to_hold(desk: Desk, cast: Cast, client: Any) -> None:
    make_device()
    at = clock_now()
    row = save_ladder(**GOOD | {"rungs": RUNGS[1:]}, valid_from=at + 48 * HOUR, actor=make_keeper(cast), now=at)
    one = held(cast.tang_grid, at)[(LIUAN, "smoke", 3)]
    assert (one.begins, one.row, one.coming) == (True, None, row)
    watcher = desk("ma_liuan")
    assert "起生效" in said(watcher.get("/desk/alarms/ladders/"))
    page = watcher.get(f"/desk/alarms/ladders/{LIUAN}/smoke/3/", {"device": "SM-1"})
    assert re.search(r">[^<>&]+起这样通知</h2>", page.content.decode()), "words alone, no mark-up in the title"
    assert "起这样通知" in said(page) and "现在这样通知" not in said(page) and "各地（自带）" not in said(page)
    assert "唐网格" in str(page.context["calling"]), (
        "the ladder in force calls the grid worker, the one coming does not"
    )
    (item,) = [
        one
        for one in client.get(f"{API}/ladders", **keyed("devices:read", area=COUNTY)).json()["items"]
        if one["area"] == LIUAN
    ]
    assert (item["id"], item["in_force"]) == (row.pk, False)


def test_the_list_costs_the_same_however_many(cast: Cast) -> None:
    luo = make_keeper(cast)
    asked = []
    for hour in (0, 1, 2):
        save_ladder(**GOOD, valid_from=NOW + hour * HOUR, actor=luo, now=NOW)
        save_ladder(**GOOD | {"area": ""}, valid_from=NOW + hour * HOUR, actor=SYSTEM, now=NOW)
        with CaptureQueriesContext(connection) as seen:
            ladders.of_places(luo, now=NOW)
            ladders.everywhere(luo, now=NOW)
        asked.append(len(seen.captured_queries))
    assert asked == [4, 4, 4]


def test_the_page_goes_on_by_key_and_says_what_holds_everywhere_once(
    desk: Desk, cast: Cast, client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    luo, at = make_keeper(cast), clock_now()
    for kind in ("gas", "smoke", "sos"):
        save_ladder(**GOOD | {"kind": kind, "rungs": RUNGS[:1]}, actor=luo, now=at)
    first = client.get(f"{API}/ladders?size=2", **keyed("devices:read", area=COUNTY)).json()
    rest = client.get(f"{API}/ladders?size=2&cursor={first['next']}", **keyed("devices:read", area=COUNTY)).json()
    places = [one["kind"] for one in (*first["items"], *rest["items"]) if one["area"]]
    assert (places, rest["next"]) == (["gas", "smoke", "sos"], None)
    assert len(first["items"]) > 2 and all(one["area"] for one in rest["items"])
    assert client.get(f"{API}/ladders?area=x", **keyed("devices:read", area=COUNTY)).status_code == 422
    monkeypatch.setattr(ladders, "PAGE_SIZE", 2)
    watcher = desk("ma_liuan")
    page = watcher.get("/desk/alarms/ladders/")
    assert "各地另写的" in said(page) and "各地通用的" in said(page)
    follow = watcher.get("/desk/alarms/ladders/", {"cursor": page.context["lists"][0]["page"].next})
    assert "各地通用的" not in said(follow) and f"/desk/alarms/ladders/{LIUAN}/sos/3/" in said(follow)
    narrowed = said(watcher.get("/desk/alarms/ladders/", {"kind": "any", "area": LIUAN}))
    assert "其他各种报警" in narrowed and "各地另写的" not in narrowed
    assert "没有符合条件的规程" in said(watcher.get("/desk/alarms/ladders/", {"kind": "nonsense"}))


# --- pages ------------------------------------------------------------------------------------------------------------


def typed(**more: Any) -> dict[str, Any]:
    """A ladder of one step as a browser sends it."""
    return {
        "kind": "smoke", "severity": "3", "area": LIUAN, "after_0": "0", "unit_0": "min", "who_0": ["grid_worker"],
        "by_0": ["app"], "call_0": "119", "after_1": "", "unit_1": "min", "source": "街道〔2026〕3 号", "seen": "0",
        "do": "save",
    } | more  # fmt: skip


def test_a_ladder_is_written_shown_and_written_again(desk: Desk, cast: Cast) -> None:
    client = desk(role="device_keeper")
    done = client.post("/desk/alarms/ladders/new", typed())
    address = f"/desk/alarms/ladders/{LIUAN}/smoke/3/"
    assert done["Location"] == address
    page = client.get(address)
    assert "马上：通知网格员，用站内通知；请人工拨打 119 火警" in said(page)
    stale = client.post(address, typed(after_0="5"))
    assert (stale.status_code, "别人刚刚存了新的一版" in said(stale)) == (409, True)
    assert LadderPolicy.objects.count() == 1
    seen = str(page.context["typed"].seen)
    later = timedelta(days=2) + clock_now()
    done = client.post(address, typed(after_0="5", seen=seen, valid_from=f"{later:%Y-%m-%dT%H:%M}"))
    assert done.status_code == 302
    assert "起换新版" in said(client.get("/desk/alarms/ladders/"))
    assert LadderPolicy.objects.latest("id").rungs[0]["after"] == 300


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"after_0": "很久"}, "多久以后：时间要在一天以内"),
        ({"after_0": "9" * 12}, "时间要在一天以内"),
        ({"after_0": "1e999"}, "时间要在一天以内"),
        ({"who_0": []}, "通知谁：请选择"),
        ({"after_1": "0", "who_1": ["centre"], "by_1": ["app"]}, "每一步要比前一步晚"),
        ({"source": ""}, "请写明依据"),
        ({"valid_from": "9999-12-31T00:00"}, "请选择时间"),
        ({"valid_from": "2001-12-31T00:00"}, "生效时间不能早于现在"),
        ({"severity": "²"}, "请选择级别"),
        ({"area": "没有这个地方"}, "没有"),
    ],
)
def test_a_wrong_step_is_named_and_what_was_typed_stays(desk: Desk, cast: Cast, more: Any, words: str) -> None:
    answer = desk(role="device_keeper").post("/desk/alarms/ladders/new", typed(**more))
    assert answer.status_code == 422
    assert words in said(answer)
    assert answer.context["boxes"][0]["by"] == ["app"]
    assert not LadderPolicy.objects.exists()


def test_whom_the_typed_steps_would_call_is_shown_and_nothing_saved(desk: Desk, cast: Cast) -> None:
    make_device()
    make_device("SM-9", area=GRID_3)
    client = desk(role="device_keeper")
    page = said(client.post("/desk/alarms/ladders/new", typed(do="preview", device="SM-1")))
    assert "唐网格" in page
    gone = said(client.post("/desk/alarms/ladders/new", typed(do="preview", device="NO-1")))
    assert "没有找到这台设备" in gone
    watcher = desk("ma_liuan").get("/desk/alarms/ladders/all/smoke/1/", {"device": "SM-9"})
    assert "没有找到这台设备" in said(watcher)
    assert not LadderPolicy.objects.exists()


def test_strangers_find_no_ladder_and_watchers_change_none(desk: Desk, cast: Cast) -> None:
    stranger, watcher = desk("he_sanitation"), desk("tang_grid")
    for address in ("/desk/alarms/ladders/", "/desk/alarms/ladders/all/smoke/1/", "/desk/alarms/ladders/new"):
        assert stranger.get(address).status_code == 404
    assert watcher.get("/desk/alarms/ladders/new").status_code == 404
    assert watcher.post("/desk/alarms/ladders/all/smoke/1/", typed()).status_code == 404
    assert watcher.get("/desk/alarms/ladders/all/nonsense/1/").status_code == 404
    assert watcher.get(f"/desk/alarms/ladders/{'9' * 80}/smoke/1/").status_code == 404
    assert not LadderPolicy.objects.exists()


def test_characters_no_row_can_hold_find_nothing(desk: Desk, cast: Cast, client: Any) -> None:
    keeper, caller = desk("tang_grid"), keyed("devices:read", area=COUNTY)
    assert keeper.get("/desk/alarms/?kind=%00").status_code == 200
    assert keeper.get("/desk/alarms/?area=%00").status_code in {200, 422}
    assert keeper.get("/desk/alarms/export.csv?kind=%00").status_code == 200
    assert keeper.get("/desk/alarms/ladders/all/smoke/1/?device=%00").status_code == 200
    assert client.get(f"{API}?kind=%00", **caller).json()["items"] == []
    assert client.get(f"{API}/rules/own?device_kind=%00", **caller).json()["items"] == []
    assert client.get(f"{API}/ladders/versions?severity=3&kind=%00", **caller).json()["items"] == []
    assert client.get(f"{API}/ladders/preview?device=%00&kind=smoke", **caller).status_code == 404


def test_boxes_come_back_as_the_ladder_they_were() -> None:
    for one in ladder.defaults():
        assert ladder.parse_rungs(form.raw_of(form.boxes_of(one.rungs))) == one.rungs


# --- REST -------------------------------------------------------------------------------------------------------------


def test_ladders_by_rest(client: Any, cast: Cast, settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False
    make_device()
    near, far = keyed("devices:read", area=COUNTY), keyed("devices:read", area="120000")
    body = {"data": GOOD | {"seen": 0}, "content_type": "application/json"}
    assert client.post(f"{API}/ladders", **body, **near).status_code == 403
    assert client.post(f"{API}/ladders", **body, **keyed("devices:write", area="120000")).status_code == 403
    assert not LadderPolicy.objects.exists()
    saved = client.post(f"{API}/ladders", **body, **keyed("devices:write", area=COUNTY))
    assert (saved.status_code, saved.json()["rungs"][1]["after"]) == (200, 120)
    again = client.post(f"{API}/ladders", **body, **keyed("devices:write", area=COUNTY))
    assert again.status_code == 409
    own = [one for one in client.get(f"{API}/ladders", **near).json()["items"] if one["id"]]
    assert [(one["area"], one["source"]["zh"]) for one in own] == [(LIUAN, GOOD["source"])]
    assert not [one for one in client.get(f"{API}/ladders", **far).json()["items"] if one["id"]]
    asked = {"area": LIUAN, "kind": "smoke", "severity": 3}
    assert len(client.get(f"{API}/ladders/versions", asked, **near).json()["items"]) == 1
    assert client.get(f"{API}/ladders/versions", asked, **far).json()["items"] == []
    found = client.get(f"{API}/ladders/preview", {"device": "SM-1", "kind": "smoke"}, **near).json()
    assert (found["ladder"]["id"], found["rungs"][0]["people"][0]["name"]) == (None, "唐网格")
    assert client.get(f"{API}/ladders/preview", {"device": "SM-1", "kind": "smoke"}, **far).status_code == 404
    assert signed_in(cast.he_sanitation).get(f"{API}/ladders").status_code == 404


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "ids"),
    [
        ({"HUYING_VOICE_CALLER": "http"}, ["huying.alarms.E001"]),
        ({"HUYING_VOICE_CALLER": "pigeon"}, ["huying.alarms.E001"]),
        ({"HUYING_VOICE_CALLER": "console", "HUYING_VOICE_URL": "https://v"}, ["huying.alarms.E002"]),
        ({"HUYING_VOICE_CALLER": "http", "HUYING_VOICE_URL": "https://v"}, []),
        ({"HUYING_SMS_SENDER": "console", "HUYING_SMS_URL": "https://s"}, ["huying.alarms.E003"]),
    ],
)
def test_a_way_of_calling_that_is_set_up_by_half_stops_the_start(settings: Any, given: Any, ids: list[str]) -> None:
    for name, value in given.items():
        setattr(settings, name, value)
    found = [*check_caller(None), *check_sender(None)]
    assert [one.id for one in found] == ids
    assert all(one.hint for one in found)
    if not ids:
        assert from_settings()
