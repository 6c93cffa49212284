"""What reporters say is theirs: masked for the desk, withheld from systems, and erased as if never said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import actions
from huying.casework.cases.factories import NOW, Cast, account_of
from huying.casework.cases.models import Case, Transfer
from huying.casework.cases.turns import chain
from huying.casework.cases.voices import reporter
from huying.kernel.actor import system
from huying.kernel.errors import Invalid, NotFound
from huying.kernel.trace import Entry, PrivateValue, verify

from .conftest import ANSWER, HOUR, Bring, opening

ONE, TWO = reporter(1), reporter(2)
PHONE, MASKED = "13800138000", "138****8000"
SYSTEM = system("reports")


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def texts(case_id: int) -> set[str]:
    return set(PrivateValue.objects.filter(chain=chain(case_id)).values_list("label", flat=True))


def spoken(cast: Cast, *, mark: str = "a1") -> Case:
    """A case opened by one voice, that has said everything a reporter may say; closed again."""
    one = replace(opening(cast, unit="sanitation"), voice=mark, words=f"垃圾没人清，请打{PHONE}")
    (case_id,) = actions.open_cases([one], actor=system("portal"), now=NOW)
    actions.remind_case(case_id, text=f"快点，{PHONE}", voice=mark, actor=ONE, now=NOW)
    _close(cast, case_id, sign=True)
    actions.rate_case(case_id, score=1, comment=f"没人打{PHONE}", voice=mark, actor=ONE, now=NOW)
    actions.order_redo(case_id, reason=f"还是臭，{PHONE}", voice=mark, actor=ONE, now=NOW)
    _close(cast, case_id, sign=False)
    return Case.objects.get(pk=case_id)


def _close(cast: Cast, case_id: int, *, sign: bool) -> None:
    if sign:
        actions.sign_case(case_id, actor=cast.he_sanitation, now=NOW)
    actions.give_feedback(case_id, text="已清运", evidence=ANSWER, actor=cast.he_sanitation, now=NOW)
    actions.pass_check(case_id, actor=cast.sun_checker, now=NOW)


def signed_in(cast: Cast, name: str) -> Client:
    client = Client()
    client.force_login(account_of(cast.people[name]))
    return client


def test_each_text_carries_its_voice_and_without_one_the_plain_label(cast: Cast, bring: Bring) -> None:
    case = spoken(cast)
    assert {"words:a1", "text:a1", "comment:a1", "reason:a1"} <= texts(case.pk)
    plain = bring("closed")
    actions.rate_case(plain.pk, score=4, comment="可以", actor=ONE, now=NOW)
    actions.order_redo(plain.pk, reason="还有一处", actor=ONE, now=NOW)
    actions.remind_case(plain.pk, text="快点", actor=ONE, now=NOW)
    assert {"comment", "reason", "text"} <= texts(plain.pk)
    assert not any(":" in label for label in texts(plain.pk))


def test_everything_a_reporter_said_is_masked_on_the_desk(cast: Cast) -> None:
    case = spoken(cast)
    said = signed_in(cast, "he_sanitation").get(f"/desk/cases/{case.pk}/").content.decode()
    assert PHONE not in said
    assert said.count(MASKED) == 4, "words, reminder, comment and reason are all there, masked"


def test_none_of_it_goes_out_by_rest_while_the_units_words_do(cast: Cast) -> None:
    case = spoken(cast)
    entries = signed_in(cast, "he_sanitation").get(f"/api/v1/cases/{case.pk}/timeline").json()
    assert PHONE not in str(entries) and "a1" not in str(entries)
    assert [one["texts"] for one in entries if one["verb"] in ("open", "rate", "order_redo", "remind")] == [{}] * 4
    assert {"text": "已清运"} in [one["texts"] for one in entries]


def test_a_voice_is_erased_everywhere_and_the_others_stay(cast: Cast) -> None:
    case = spoken(cast)
    actions.rate_case(case.pk, score=5, comment="谢谢", voice="b2", actor=TWO, now=NOW)
    before = texts(case.pk)
    actions.erase_voice(
        case.pk, voice="a1", opened_by_it=True, last=False, actor=SYSTEM, now=NOW + HOUR, why="本人要求"
    )
    assert texts(case.pk) == {label for label in before if not label.endswith(":a1")}
    assert "comment:b2" in texts(case.pk)
    case.refresh_from_db()
    assert (case.title, case.summary, case.place_text) == (case.item.name, "", "")
    found = Case.objects.filter(terms="'垃圾'")
    assert not found.exists(), "nobody finds it by words that are gone"
    assert Case.objects.filter(terms="'意见' & '建议'").get() == case
    last = Entry.objects.filter(chain=chain(case.pk)).latest("seq")
    assert (last.verb, last.content) == ("private.erased", {"count": 4, "why": "本人要求"})
    assert verify(keys={}).ok


def test_a_voice_that_joined_leaves_the_first_ones_words_alone_unless_it_was_the_last(cast: Cast, bring: Bring) -> None:
    case = bring("handling")
    actions.join_case(case.pk, words="我也看到了", voice="b2", actor=system("portal"), now=NOW)
    erase = {"voice": "b2", "opened_by_it": False, "actor": SYSTEM, "now": NOW, "why": "本人要求"}
    actions.erase_voice(case.pk, last=False, **erase)
    again = Case.objects.get(pk=case.pk)
    assert (again.title, again.summary, again.place_text) == (case.title, case.summary, case.place_text)
    assert "words:b2" not in texts(case.pk)
    actions.erase_voice(case.pk, last=True, **erase)
    assert Case.objects.get(pk=case.pk).summary == ""
    erased = Entry.objects.filter(chain=chain(case.pk), verb="private.erased")
    assert erased.count() == 1, "erasing again writes nothing"


def test_also_the_words_of_an_archived_case_are_erased(cast: Cast, bring: Bring) -> None:
    case = bring("archived")
    actions.erase_voice(case.pk, voice="a1", opened_by_it=True, last=True, actor=SYSTEM, now=NOW, why="本人要求")
    case.refresh_from_db()
    assert (case.state, case.title, case.summary) == ("archived", "意见建议", "")


def test_the_reason_of_an_emergency_taken_from_the_call_is_erased_and_another_is_not(cast: Cast) -> None:
    words = f"有人持刀，我在柳岸路12号，电话{PHONE}"
    one = replace(opening(cast, unit="sanitation"), voice="a1", words=words)
    (case_id,) = actions.open_cases([one], actor=system("portal"), now=NOW)
    for channel, reason in (("110", words[:200]), ("120", "有人受伤"), ("119", "")):
        actions.call_emergency(case_id, channel=channel, reason=reason, actor=cast.wang_seat, now=NOW)
    actions.erase_voice(case_id, voice="a1", opened_by_it=True, last=True, actor=SYSTEM, now=NOW, why="本人要求")
    assert list(Transfer.objects.order_by("id").values_list("reason", flat=True)) == ["", "有人受伤", ""]
    kept = PrivateValue.objects.filter(chain=chain(case_id), label="reason")
    assert kept.count() == 1


def test_what_was_said_in_a_case_it_was_once_merged_into_goes_too(cast: Cast, bring: Bring) -> None:
    (first,) = actions.open_cases([replace(opening(cast), voice="a1")], actor=system("portal"), now=NOW)
    into = bring("handling")
    actions.merge_case(first, into_id=into.pk, actor=cast.li_dispatcher, now=NOW)
    actions.remind_case(into.pk, text="快点", voice="a1", actor=ONE, now=NOW)
    actions.unmerge_case(first, reason="是另一处", actor=cast.li_dispatcher, now=NOW)
    actions.erase_voice(first, voice="a1", opened_by_it=True, last=True, actor=SYSTEM, now=NOW, why="本人要求")
    assert not PrivateValue.objects.filter(label__endswith=":a1").exists()
    assert Case.objects.get(pk=into.pk).summary, "the other case keeps its own words"


def test_erasing_needs_a_reason_and_a_case(cast: Cast) -> None:
    case = spoken(cast)
    before = texts(case.pk)
    erase = {"voice": "a1", "opened_by_it": True, "last": True, "actor": SYSTEM, "now": NOW}
    with pytest.raises(Invalid):
        actions.erase_voice(case.pk, why=" ", **erase)
    with pytest.raises(NotFound):
        actions.erase_voice(case.pk + 99, why="本人要求", **erase)
    assert texts(case.pk) == before
