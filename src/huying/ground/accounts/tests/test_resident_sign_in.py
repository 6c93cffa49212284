"""Residents at the door: codes, limits, nothing to enumerate."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from django.test import Client

from huying.ground.accounts import actions, rules, senders
from huying.ground.accounts.factories import NOW, make_resident
from huying.ground.accounts.models import PhoneCode, User
from huying.kernel.errors import Invalid, Refused

PHONE = "19900001234"


@dataclass
class Pocket:
    """A sender that keeps what it was given."""

    codes: list[str] = field(default_factory=list)
    shows: bool = False

    def send(self, phone: str, code: str, text: str) -> None:
        self.codes.append(code)


class Broken:
    shows = False

    def send(self, phone: str, code: str, text: str) -> None:
        raise senders.SendFailed("no gateway")


def send(pocket: Pocket, *, now: Any = NOW, phone: str = PHONE, address: str = "10.0.0.1") -> actions.Sent:
    return actions.send_code(phone=phone, address=address, now=now, sender=pocket)


@pytest.mark.django_db
class TestCodes:
    def test_a_code_opens_an_account_once(self) -> None:
        pocket = Pocket()
        assert send(pocket, phone="+86 199-0000-1234").shown == ""
        user = actions.sign_in_by_code(phone=PHONE, code=pocket.codes[0], now=NOW)
        assert (user.kind, user.phone, user.phone_masked.count("*") > 0) == ("resident", PHONE, True)
        assert pocket.codes[0] not in PhoneCode.objects.get().code_hash
        with pytest.raises(Refused):
            actions.sign_in_by_code(phone=PHONE, code=pocket.codes[0], now=NOW)
        send(pocket, now=NOW + timedelta(hours=1))
        again = actions.sign_in_by_code(phone=PHONE, code=pocket.codes[1], now=NOW + timedelta(hours=1))
        assert again.pk == user.pk and User.objects.count() == 1

    def test_five_wrong_tries_kill_a_code(self) -> None:
        pocket = Pocket()
        send(pocket)
        wrong = "000000" if pocket.codes[0] != "000000" else "111111"
        for _ in range(5):
            with pytest.raises(Refused):
                actions.sign_in_by_code(phone=PHONE, code=wrong, now=NOW)
        with pytest.raises(Refused):
            actions.sign_in_by_code(phone=PHONE, code=pocket.codes[0], now=NOW)
        assert not User.objects.exists() and PhoneCode.objects.get().used_at is None

    def test_old_codes_foreign_codes_and_replaced_codes_are_refused_in_the_same_words(self) -> None:
        pocket = Pocket()
        send(pocket)
        send(pocket, phone="19900005678")
        later = NOW + timedelta(minutes=2)
        send(pocket, now=later)
        said = set()
        for phone, code, now in (
            (PHONE, pocket.codes[2], later + timedelta(minutes=5)),
            (PHONE, pocket.codes[1] if pocket.codes[1] != pocket.codes[2] else "x", later),
            (PHONE, pocket.codes[0] if pocket.codes[0] != pocket.codes[2] else "x", later),
            ("19900009999", "123456", later),
        ):
            with pytest.raises(Refused) as refusal:
                actions.sign_in_by_code(phone=phone, code=code, now=now)
            said.add((str(refusal.value), refusal.value.code))
        assert len(said) == 1

    def test_limits_for_a_phone_and_for_an_address(self) -> None:
        pocket = Pocket()
        for number in range(5):
            send(pocket, now=NOW + timedelta(minutes=number))
        with pytest.raises(Refused) as refusal:
            send(pocket, now=NOW + timedelta(minutes=10))
        assert refusal.value.code == "too_many_codes" and "分钟" in str(refusal.value.hint)
        with pytest.raises(Refused):
            send(pocket, phone="19900000777", now=NOW) and send(
                pocket, phone="19900000777", now=NOW + timedelta(seconds=59)
            )
        for number in range(24):
            send(pocket, phone=f"1990001{number:04d}", now=NOW + timedelta(minutes=11))
        with pytest.raises(Refused):
            send(pocket, phone="19900029999", now=NOW + timedelta(minutes=11))
        send(pocket, phone="19900029999", now=NOW + timedelta(minutes=11), address="10.0.0.2")

    @pytest.mark.parametrize("phone", ["", "123", "12900001234", "1990000123", "abc", "+1 202 555 0100"])
    def test_no_number_no_code(self, phone: str) -> None:
        with pytest.raises(Invalid):
            send(Pocket(), phone=phone)
        assert not PhoneCode.objects.exists()

    def test_a_failed_sending_counts_for_nothing(self) -> None:
        with pytest.raises(Refused) as refusal:
            actions.send_code(phone=PHONE, address=None, now=NOW, sender=Broken())
        assert refusal.value.code == "send_failed" and not PhoneCode.objects.exists()

    def test_a_disabled_resident_learns_it_only_with_the_code(self) -> None:
        make_resident(PHONE, disabled_at=NOW)
        pocket = Pocket()
        send(pocket)
        with pytest.raises(Refused) as refusal:
            actions.sign_in_by_code(phone=PHONE, code=pocket.codes[0], now=NOW)
        assert refusal.value.code == "account_disabled"

    def test_old_codes_are_forgotten(self) -> None:
        send(Pocket())
        assert actions.forget_old_codes(now=NOW + timedelta(days=1)) == 0
        assert actions.forget_old_codes(now=NOW + timedelta(days=3)) == 1


@pytest.mark.django_db(transaction=True)
def test_two_requests_at_once_send_one_code() -> None:
    pocket, gate = Pocket(), Barrier(2)

    def ask(_number: int) -> bool:
        gate.wait(10)
        try:
            send(pocket)
            return True
        except Refused:
            return False
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, range(2))) == [False, True]
    assert len(pocket.codes) == 1


@pytest.mark.django_db
class TestPages:
    def test_from_phone_to_portal_in_a_demonstration(self, settings: Any) -> None:
        settings.HUYING_DEMO = True
        client = Client()
        assert client.get("/accounts/resident/").status_code == 200
        there = client.post("/accounts/resident/", {"phone": PHONE, "next": "/accounts/me/"})
        page = client.get(there["Location"]).content.decode()
        code = re.search(r'id="shown-code">(\d{6})<', page)
        assert code is not None and PHONE not in page
        before = client.session.session_key
        answer = client.post("/accounts/resident/code/", {"code": code[1], "next": "/accounts/me/"})
        assert answer["Location"] == "/accounts/me/" and client.session.session_key != before
        mine = client.get("/accounts/me/").content.decode()
        assert PHONE not in mine and "最近登录" in mine
        saved = client.post("/accounts/me/", {"name": "林阿婆", "language": "en", "elder_mode": "1"})
        assert saved.cookies["huying_language"].value == "en" and saved.cookies["huying_elder"].value == "1"
        assert client.post("/accounts/logout/")["Location"] == "/"

    def test_outside_a_demonstration_the_code_is_never_shown(self) -> None:
        client = Client()
        client.post("/accounts/resident/", {"phone": PHONE})
        assert "shown-code" not in client.get("/accounts/resident/code/").content.decode()
        wrong = client.post("/accounts/resident/code/", {"code": "12"})
        assert wrong.status_code == 409 and "验证码不对或已失效" in wrong.content.decode()
        assert client.post("/accounts/resident/code/", {"again": "1"}).status_code == 409

    def test_the_answer_does_not_tell_whether_an_account_exists(self) -> None:
        make_resident(PHONE)
        known, unknown = Client(), Client()
        one = known.post("/accounts/resident/", {"phone": PHONE})
        two = unknown.post("/accounts/resident/", {"phone": "19900004321"})
        assert (one.status_code, one["Location"]) == (two.status_code, two["Location"])

    def test_a_bad_number_keeps_what_was_typed(self) -> None:
        page = Client().post("/accounts/resident/", {"phone": "12345"})
        assert page.status_code == 422 and 'value="12345"' in page.content.decode()

    def test_no_step_two_without_step_one(self) -> None:
        assert Client().get("/accounts/resident/code/")["Location"] == "/accounts/resident/"


class TestSenders:
    def test_file_sender_writes_lines(self, tmp_path: Path) -> None:
        sender = senders.FileSender(tmp_path / "out.jsonl")
        sender.send(PHONE, "123456", "文字")
        assert json.loads((tmp_path / "out.jsonl").read_text())["code"] == "123456"

    def test_console_shows_only_in_demonstrations(self, settings: Any) -> None:
        assert senders.from_settings().shows is False
        settings.HUYING_DEMO = True
        assert senders.from_settings().shows is True

    def test_http_without_an_answer_fails_in_words(self) -> None:
        with pytest.raises(senders.SendFailed):
            senders.HttpSender("http://127.0.0.1:9/", timeout=0.5).send(PHONE, "123456", "x")

    @pytest.mark.parametrize(("kind", "url"), [("http", ""), ("pigeon", ""), ("file", ""), ("http", "ftp://x")])
    def test_half_configured_senders_are_refused(self, settings: Any, kind: str, url: str) -> None:
        settings.HUYING_SMS_SENDER, settings.HUYING_SMS_URL, settings.HUYING_SMS_FILE = kind, url, ""
        with pytest.raises(ImproperlyConfigured):
            senders.from_settings()


@pytest.mark.parametrize(
    ("password", "faults"),
    [
        ("Correct-horse-7", ()),
        ("short", ("short", "one_kind")),
        ("aaaaaaaaaaaaaaaa1", ("repeats",)),
        ("alllowercase", ("one_kind",)),
    ],
)
def test_password_faults(password: str, faults: tuple[str, ...]) -> None:
    assert rules.password_faults(password) == faults
