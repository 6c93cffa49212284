"""How well areas are known: the arithmetic, the table of points, what each measure asks for, how it is counted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from huying.ground.registry import fictional
from huying.ground.registry.actions import begin_care, renew_search
from huying.ground.registry.factories import editor, kept, say, worker
from huying.ground.registry.fictional import Estate
from huying.ground.registry.knowing import points as table
from huying.ground.registry.knowing.actions import count_knowledge
from huying.ground.registry.knowing.measures import MEASURES, counts, lacking
from huying.ground.registry.knowing.rules import FEW, OWN, Tally, cells, overall, urgency, weakest, withheld
from huying.ground.registry.models import MODELS, Knowledge, Organisation, Premises, Relation, Resident
from huying.ground.registry.tasks import count_how_well_known
from huying.ground.territory.factories import HETANG, TAOYUAN, a_town
from huying.kernel.actor import SYSTEM
from huying.kernel.factories import MOMENT
from huying.kernel.trace.models import Entry

GRID = f"{HETANG}003"
TALLIES = st.integers(0, 10**7).flatmap(lambda total: st.builds(Tally, st.integers(0, total), st.just(total)))


# --- arithmetic ------------------------------------------------------------------------------------------------------


@given(TALLIES)
def test_a_share_is_whole_only_when_nothing_is_missing(one: Tally) -> None:
    assert (one.share is None) == (one.total == 0)
    assert one.share is None or (0 <= one.share <= 100 and (one.share == 100) == (one.missing == 0))


@given(st.lists(TALLIES, max_size=24))
def test_the_whole_lies_between_its_parts(many: list[Tally]) -> None:
    shares = [one.share for one in many if one.share is not None]
    whole = overall(many)
    assert (whole is None) == (not shares)
    if whole is not None:
        assert min(shares) <= whole <= max(shares)
        assert (whole == 100) == all(share == 100 for share in shares)
    assert sum(many, Tally()).missing == sum(one.missing for one in many)


def test_shares_are_worked_out_in_whole_numbers() -> None:
    assert [overall([Tally(n, 100)]) for n in range(101)] == list(range(101))
    assert overall([Tally(1, 3), Tally(2, 3)]) == 50 and overall([Tally(2, 3), Tally(0, 0)]) == 66
    assert overall([Tally(10**7 - 1, 10**7), Tally(1, 1)]) == 99


def test_very_few_are_not_told_and_do_not_come_out_of_a_sum() -> None:
    told = [Tally(n // 2, n).guarded() for n in range(7)]
    assert [one.few for one in told] == [False, True, True, True, True, False, False]
    assert all((one.known, one.total, one.share, one.missing) == (0, 0, None, 0) for one in told[1:5])
    assert sum(told, Tally()) == Tally(5, 11) and (told[1] + told[2]).few and not (told[0] + told[0]).few


CODES = [f"99{city}{county}{town}{rest}" for city in ("01", "02") for county in ("01", "02") for town in ("001", "002")
         for rest in ("", "001", "001001", "001002", "00100201", "002001", "002002", "002003")]  # fmt: skip


@given(st.dictionaries(st.sampled_from(CODES), st.integers(0, 12)))
def test_what_is_withheld_does_not_come_out_by_subtraction(totals: dict[str, int]) -> None:
    hidden = withheld(totals)
    sums: dict[str, int] = {}
    for code, total in totals.items():
        for cell in cells(code + OWN):
            sums[cell] = sums.get(cell, 0) + total
    told = {one for one in sums if hidden.isdisjoint(cells(one))}
    assert not [one for one in told if 0 < sums[one] < FEW]
    for area in told:
        below = [one for one in sums if len(cells(one)) > 1 and cells(one)[-2] == area]
        kept_back = [sums[one] for one in below if one not in told and sums[one]]
        assert not kept_back or (len(kept_back) > 1 and sum(kept_back) >= FEW)
        if below and all(sums[one] == 0 or sums[one] >= FEW for one in below):
            assert not kept_back, "nothing is hidden where nothing needs it"


@given(st.dictionaries(st.sampled_from("abcdef"), TALLIES))
def test_the_weakest_is_known_least(many: dict[str, Tally]) -> None:
    name = weakest(many)
    assert (name == "") == all(one.missing == 0 for one in many.values())
    if name:
        least = many[name]
        assert all(least.known * one.total <= one.known * least.total for one in many.values() if one.missing)


@given(st.lists(st.tuples(st.none() | st.integers(0, 100), st.integers(0, 99), st.text("01", min_size=1)), min_size=2))
def test_the_least_known_stand_first_and_the_empty_last(rows: list[tuple[int | None, int, str]]) -> None:
    order = sorted(rows, key=lambda row: urgency(*row))
    shares = [share for share, _missing, _code in order]
    known = [share for share in shares if share is not None]
    assert shares == sorted(known) + [None] * (len(shares) - len(known))


# --- the table -------------------------------------------------------------------------------------------------------

HEAD = ",".join(table.COLUMNS)


def test_the_table_that_comes_along_has_twelve_points_in_three_groups() -> None:
    found = table.read(table.OWN.read_text(encoding="utf-8"))
    groups = [one.group_zh for one in found]
    assert {name: groups.count(name) for name in groups} == {"三知": 3, "三清": 3, "六掌握": 6}
    assert table.points() == found


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "1 to 24"),
        (["三知,Know,户情,Households,nonsense,"], "no measure nonsense"),
        (["三知,Know,,Households,household_members,"], "name_zh"),
        (["三知,Know,户情,Households,household_members,30"], "no limit"),
        (["三知,Know,单位,Organisations,organisation_checked,0"], "days must be"),
        (["三知,Know,单位,Organisations,organisation_checked,半年"], "days must be"),
        (["三知,Know,户情,Households,household_members,,x"], "too many"),
        (["三知,Know,户情,Households,household_members,"] * 2, "line 3: household_members stands there twice"),
    ],
)
def test_a_wrong_line_is_named(lines: list[str], said: str) -> None:
    with pytest.raises(table.WrongTable, match=said):
        table.read("\n".join([HEAD, *lines]))


def test_other_columns_are_refused() -> None:
    with pytest.raises(table.WrongTable, match="columns must be"):
        table.read("name,measure\n户情,household_members")


def test_a_place_has_its_own_table_and_a_wrong_one_stops_the_start(tmp_path: Path, settings: Any) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        f"\ufeff{HEAD}\n必知,Must know,联系,Calls,household_reachable,\n必知,Must know,走访,Visits,care_checked,\n"
    )
    settings.HUYING_KNOWLEDGE_FILE = str(own)
    assert [(one.measure, one.days) for one in table.points()] == [("household_reachable", 0), ("care_checked", 30)]
    assert table.check_points(None) == []
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(f"{HEAD}\n必知,Must know,联系,Calls,nothing,\n")
    for file in (wrong, tmp_path / "none.csv"):
        settings.HUYING_KNOWLEDGE_FILE = str(file)
        (error,) = table.check_points(None)
        assert error.id == "registry.E001"


# --- what each measure asks for --------------------------------------------------------------------------------------


def tally(measure: str, now: Any = MOMENT) -> tuple[int, int]:
    """(known, total) of a measure everywhere."""
    days = MEASURES[measure].days or 0
    rows = counts([(measure, days)], Q(), 17, now)
    assert MODELS[MEASURES[measure].kind]._default_manager.filter(
        lacking(measure, days, now), state="active"
    ).count() == (sum(total - known for _area, _measure, total, known in rows))
    return sum(row[3] for row in rows), sum(row[2] for row in rows)


@pytest.fixture
def home(db: None) -> Premises:
    who = worker(area="")
    top = say(who, "premises", kind="compound", name="丽景园", lon=124.002, lat=30.002).uid
    house = say(who, "premises", kind="building", name="3栋", parent=str(top)).uid
    room: Premises = kept(
        "premises", say(who, "premises", kind="room", name="502室", parent=str(house), use="rental").uid
    )
    return room


def test_a_household_needs_head_members_and_a_door(home: Premises) -> None:
    who = worker(area="")
    person = say(who, "person", name="王秀英", phone="13800138000").uid
    uid = say(who, "household", premises=str(home.uid), kind="family").uid
    assert (tally("household_members"), tally("household_reachable")) == ((0, 1), (0, 1))
    say(who, "household", uid=uid, base=1, head=str(person))
    assert tally("household_members") == (0, 1), "nobody lives in it yet"
    stay = {"resident": str(person), "premises": str(home.uid), "household": str(uid), "kind": "lives"}
    uid = say(who, "residence", **stay).uid
    assert (tally("household_members"), tally("household_reachable")) == ((1, 1), (1, 1))
    say(who, "residence", uid=uid, base=kept("residence", uid).version, until="2026-02-01")
    assert tally("household_members") == (0, 1), "who has left does not count"


def test_who_only_owns_neither_lives_there_nor_uses_it(home: Premises) -> None:
    who = worker(area="")
    owner = say(who, "person", name="王秀英", phone="13800138000").uid
    household = say(who, "household", premises=str(home.uid), kind="family", head=str(owner)).uid
    stay = {"resident": str(owner), "premises": str(home.uid), "household": str(household)}
    say(who, "residence", **stay, kind="owns")
    assert (tally("room_known"), tally("rental_kept")) == ((0, 1), (0, 1))
    assert (tally("household_members"), tally("household_reachable")) == ((0, 1), (0, 1))
    tenant = say(who, "person", name="李梅").uid
    say(who, "residence", resident=str(tenant), premises=str(home.uid), kind="lives")
    assert (tally("room_known"), tally("rental_kept")) == ((1, 1), (1, 1)), "a tenant, and an owner to call"


def test_who_has_died_heads_no_household_and_takes_no_calls(home: Premises) -> None:
    who = worker(area="")
    head = say(who, "person", name="王秀英", phone="13800138000", home=str(home.uid)).uid
    child = say(who, "person", name="王小梅", birth_date="1990-03-12").uid
    household = say(who, "household", premises=str(home.uid), kind="family", head=str(head)).uid
    stay = {"resident": str(child), "premises": str(home.uid), "household": str(household), "kind": "lives"}
    say(who, "residence", **stay)
    call = {"other": str(head), "contact_phone": "13800138000", "emergency_rank": 1}
    say(who, "relation", resident=str(child), kind="parent", **call)
    assert (tally("household_members"), tally("person_reachable")) == ((1, 1), (2, 2))
    say(editor(area=""), "person", uid=head, base=kept("person", head).version, ending="died")
    assert (tally("household_members"), tally("person_reachable")) == ((0, 1), (0, 1))


def test_a_place_that_is_no_more_is_nobodys_address(home: Premises) -> None:
    who = worker(area="")
    say(who, "organisation", name="和顺百货店", kind="sole_trader", premises=str(home.uid), contact_phone="13800138000")
    assert tally("organisation_reachable") == (1, 1)
    say(editor(area=""), "premises", uid=home.uid, base=kept("premises", home.uid).version, ending="demolished")
    assert tally("organisation_reachable") == (0, 1)


def test_somebody_is_reachable_by_phone_or_through_who_is_called_in_an_emergency(home: Premises) -> None:
    who = worker(area="")
    uid = say(who, "person", name="王秀英", birth_date="1950-03-12").uid
    say(who, "person", name="王小宝", birth_date="2020-03-12")
    assert tally("person_reachable") == (0, 1), "children are called through their family"
    told = say(who, "relation", resident=str(uid), kind="friend", contact_name="李梅", contact_phone="13900139000").uid
    assert tally("person_reachable") == (0, 1), "not named for emergencies"
    say(who, "relation", uid=told, base=1, emergency_rank=1)
    assert tally("person_reachable") == (1, 1)
    say(who, "relation", uid=told, base=2, contact_phone="")
    assert not kept("relation", told).reachable and tally("person_reachable") == (0, 1)
    other = say(who, "person", name="李小梅", phone="13700137000").uid
    say(who, "relation", uid=told, base=3, other=str(other))
    assert tally("person_reachable") == (2, 2), "who is registered here and has a phone"


def test_rooms_and_rented_rooms(home: Premises) -> None:
    who = worker(area="")
    assert (tally("room_known"), tally("rental_kept")) == ((0, 1), (0, 1))
    say(who, "person", name="王秀英", home=str(home.uid), registration="elsewhere")
    assert (tally("room_known"), tally("rental_kept"), tally("person_home")) == ((1, 1), (0, 1), (1, 1))
    say(who, "premises", uid=home.uid, base=kept("premises", home.uid).version, keeper_phone="13800138000")
    assert tally("rental_kept") == (1, 1)
    empty = {"kind": "room", "name": "503室", "parent": str(home.parent_id)}
    uid = say(who, "premises", **empty).uid
    assert tally("room_known") == (1, 2), "nobody has said what it is used for"
    say(who, "premises", uid=uid, base=1, use="empty")
    assert tally("room_known") == (2, 2)


def test_a_look_counts_for_its_days(home: Premises) -> None:
    who = worker(area="")
    say(who, "person", name="王秀英", home=str(home.uid), registration="elsewhere")
    say(who, "organisation", name="和顺百货店", kind="sole_trader", premises=str(home.uid), contact_phone="13800138000")
    say(
        who,
        "facility",
        kind="hydrant",
        name="消火栓",
        premises=str(home.uid),
        lon=124.002,
        lat=30.002,
        condition="good",
    )
    say(who, "facility", kind="lamp", name="路灯", lon=124.002, lat=30.002)
    say(who, "premises", kind="shop", name="1号店", small_kind="shop", risk="red", lon=124.002, lat=30.002)
    for days, freshly in ((0, True), (90, True), (91, True), (180, True), (181, False)):
        now = MOMENT + timedelta(days=days)
        for measure in ("migrant_checked", "organisation_checked"):
            assert tally(measure, now) == (int(freshly), 1), (measure, days)
        assert tally("facility_kept", now) == (int(freshly), 2)
        assert tally("risk_checked", now) == (int(days <= 90), 1)
    assert (tally("organisation_reachable"), tally("small_kept")) == ((1, 1), (0, 1))


def test_people_in_care_have_somebody_to_call_and_are_looked_at_in_their_cycle(home: Premises) -> None:
    who = worker(area="")
    uid = say(who, "person", name="王秀英", home=str(home.uid)).uid
    begin_care(
        actor=worker(70, "", "registry_editor"), now=MOMENT, resident=uid, list="elder_alone", basis="《老年人权益保障法》",
        reason="独居", since=MOMENT.date(), until=MOMENT.date() + timedelta(days=300), visits_every=7,
    )  # fmt: skip
    assert tally("care_contact") == (0, 1) and tally("care_responsible") == (0, 1)
    known = {"contact_name": "李梅", "contact_phone": "13900139000", "emergency_rank": 1}
    say(who, "relation", resident=str(uid), kind="child", **known)
    assert tally("care_contact") == (1, 1)
    assert [tally("care_checked", MOMENT + timedelta(days=n)) for n in (7, 8)] == [(1, 1), (0, 1)]
    assert tally("care_checked", MOMENT + timedelta(days=301)) == (0, 0), "no longer in force"


# --- counting --------------------------------------------------------------------------------------------------------


@pytest.fixture
def town(db: None) -> Iterator[None]:
    a_town()
    spots = [
        Estate("静泉花园", 124.002, 30.002),
        Estate("竹林新村", 124.006, 30.006),
        Estate("馨绣花园", 124.01, 30.002),
    ]
    fictional.write(fictional.make(spots, 260, 7, MOMENT.date()), seed=7, now=MOMENT)
    yield


def test_every_measure_agrees_with_its_list_and_varies(town: None) -> None:
    shares = {measure: tally(measure) for measure in MEASURES}
    assert all(0 <= known <= total for known, total in shares.values())
    counted = [shares[one.measure] for one in table.points()]
    assert all(total for _known, total in counted)
    assert sum(0 < known < total for known, total in counted) >= 7, shares


def test_counting_replaces_the_figures_and_leaves_a_trace(town: None) -> None:
    assert count_knowledge(actor=SYSTEM, now=MOMENT) == 3
    first = set(Knowledge.objects.values_list("area", "measure", "known", "total"))
    assert {area for area, *_rest in first} == {f"{HETANG}003", f"{HETANG}002", f"{TAOYUAN}002"}
    count_how_well_known(timestamp=0)
    again = set(Knowledge.objects.values_list("area", "measure", "total").exclude(measure__startswith="care"))
    assert again == {(area, measure, total) for area, measure, _k, total in first if not measure.startswith("care")}
    assert Entry.objects.filter(chain="registry-knowledge", verb="counted").count() == 2
    assert not Knowledge.objects.filter(at=MOMENT).exists()


def test_what_was_written_before_is_told_apart_by_reindexing(town: None) -> None:
    models: tuple[Any, ...] = (Resident, Premises, Organisation, Relation)
    before = [set(model.objects.filter(reachable=True).values_list("pk", flat=True)) for model in models]
    assert all(before)
    for model in models:
        model.objects.update(reachable=False)
    assert renew_search(actor=SYSTEM, now=MOMENT) == sum(map(len, before))
    assert [set(model.objects.filter(reachable=True).values_list("pk", flat=True)) for model in models] == before
    assert renew_search(actor=SYSTEM, now=MOMENT) == 0


@pytest.mark.parametrize(
    ("measure", "n", "chinese", "english"),
    [
        ("household_reachable", 3, "还有 3 户没有联系电话", "3 households have no number to call"),
        (
            "person_reachable",
            2,
            "还有 2 人没有电话，也没有紧急联系人",
            "2 people have neither phone nor emergency contact",
        ),
        ("facility_kept", 4, "还有 4 个设施缺位置或状况，或很久没核实", "4 facilities lack position"),
        ("room_known", 3, "还有 3 间不知道谁在用", "3 rooms whose user is not known"),
        ("room_known", 1, "还有 1 间不知道谁在用", "1 room whose user is not known"),
    ],
)
def test_what_is_missing_is_said_naturally(measure: str, n: int, chinese: str, english: str) -> None:
    for language, said in (("zh-hans", chinese), ("en", english)):
        with override(language):
            assert str(MEASURES[measure].lacking % {"n": n}).startswith(said)
