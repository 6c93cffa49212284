"""Staff at the door: password, lock, second factor, idle desk, changed password, disabled account."""

from __future__ import annotations

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from axes.models import AccessAttempt
from django.core.cache import cache
from django.db import connection
from django.test import Client

from huying.ground.accounts import actions, demo
from huying.ground.accounts.factories import NOW, PASSWORD, make_resident, make_staff
from huying.ground.accounts.models import SignIn, User
from huying.kernel import clock
from huying.kernel.actor import SYSTEM, Actor
from huying.kernel.errors import Conflict, Invalid, Refused
from huying.kernel.sharing import TABLE

pytestmark = pytest.mark.django_db
LOGIN, DESK = "/accounts/login/", "/desk/organisation/"


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


@pytest.fixture
def one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def enter(client: Client, username: str = "chen", password: str = PASSWORD, **more: str) -> Any:
    return client.post(LOGIN, {"login": username, "password": password, **more})


def code_of(secret: str) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))


@pytest.mark.usefixtures("one_factor")
class TestPassword:
    def test_right_password_enters_with_a_new_session(self) -> None:
        make_staff("chen", language="en")
        client = Client()
        client.get(LOGIN)
        client.session["before"] = 1
        answer = enter(client, " Chen ")
        assert answer["Location"] == "/desk/" and client.cookies["huying_language"].value == "en"
        assert SignIn.objects.get().outcome == "ok"

    def test_wrong_password_unknown_name_and_residents_hear_the_same(self) -> None:
        make_staff("chen")
        resident = make_resident()
        answers = [
            enter(Client(), "chen", "wrong-Pass-1"),
            enter(Client(), "nobody"),
            enter(Client(), f"user{resident.pk}"),
        ]
        said = {re.search(r"用户名或密码不对[^<]*", answer.content.decode()).group() for answer in answers}  # type: ignore[union-attr]
        assert len(said) == 1
        assert set(SignIn.objects.values_list("outcome", flat=True)) == {"refused"}

    def test_five_wrong_tries_lock_and_say_until_when(self) -> None:
        make_staff("chen")
        client = Client()
        for _ in range(4):
            assert enter(client, password="wrong").status_code == 200
        locked = enter(client, password="wrong")
        assert locked.status_code == 429 and "之后再试" in locked.content.decode()
        assert 800 < int(locked["Retry-After"]) <= 900
        assert enter(Client()).status_code == 429, "the right password does not help while locked, from anywhere"
        assert enter(Client(), "nobody", "x").status_code == 200, "others are not locked"
        assert SignIn.objects.filter(outcome="locked").exists()

    def test_after_the_lock_the_right_password_enters(self) -> None:
        make_staff("chen")
        for _ in range(5):
            enter(Client(), password="wrong")
        AccessAttempt.objects.update(attempt_time=NOW)
        assert enter(Client())["Location"] == "/desk/"

    def test_next_leads_back_but_never_elsewhere(self) -> None:
        make_staff("chen")
        assert enter(Client(), next=DESK)["Location"] == DESK
        assert enter(Client(), next="https://evil.example/")["Location"] == "/desk/"

    def test_a_disabled_account_is_out_at_once(self) -> None:
        user, client = make_staff("chen"), Client()
        enter(client)
        assert client.get("/accounts/me/").status_code == 200
        actions.disable_account(actor=SYSTEM, now=NOW, user=user, reason="离岗")
        assert client.get("/accounts/me/").status_code == 302
        assert "用户名或密码不对" in enter(Client()).content.decode()

    def test_a_given_password_must_be_changed_first(self) -> None:
        make_staff("chen", must_change_password=True)
        client = Client()
        enter(client)
        assert client.get(DESK)["Location"].startswith("/accounts/password/change/")
        body = {"oldpassword": PASSWORD, "password1": "short", "password2": "short"}
        weak = client.post("/accounts/password/change/", body)
        assert weak.status_code == 200 and "密码至少要" in weak.content.decode()
        body |= {"password1": "Brand-new-99", "password2": "Brand-new-99"}
        assert client.post("/accounts/password/change/", body).status_code == 302
        user = User.objects.get()
        assert not user.must_change_password and user.check_password("Brand-new-99")
        assert client.get(DESK).status_code == 404, "past the door; without a post there is nothing to see"

    def test_an_old_password_must_be_changed(self) -> None:
        make_staff("chen")
        client = Client()
        enter(client)
        User.objects.update(password_changed_at=NOW - timedelta(days=400))
        assert client.get(DESK)["Location"].startswith("/accounts/password/change/")

    def test_an_idle_desk_is_signed_out_and_a_busy_one_is_not(self) -> None:
        make_staff("chen")
        client = Client()
        enter(client)
        session = client.session
        session["huying_seen"] = time.time() - 19 * 60
        session.save()
        assert client.get("/accounts/me/").status_code == 200
        assert client.session["huying_seen"] > time.time() - 60, "being there slides the limit"
        session = client.session
        session["huying_seen"] = time.time() - 21 * 60
        session.save()
        out = client.get("/accounts/me/")
        assert out["Location"].startswith("/accounts/login/?idle=1&next=%2Faccounts%2Fme")
        assert "_auth_user_id" not in client.session
        assert SignIn.objects.filter(outcome="idle").count() == 1
        assert not SignIn.objects.filter(outcome="out").exists()

    def test_a_page_that_refreshes_itself_is_nobody_sitting_there(self) -> None:
        make_staff("chen")
        client = Client()
        enter(client)
        session = client.session
        session["huying_seen"] = then = time.time() - 19 * 60
        session.save()
        assert client.get("/accounts/me/", headers={"X-Live-Refresh": "1"}).status_code == 200
        assert client.session["huying_seen"] == then

    def test_programs_hear_idle_as_a_problem(self) -> None:
        make_staff("chen")
        client = Client()
        enter(client)
        session = client.session
        session["huying_seen"] = 0
        session.save()
        answer = client.get("/api/v1/people/me")
        assert answer.status_code == 401 and answer.json()["code"] == "signed_out_idle"

    def test_signing_out_asks_once_and_is_recorded(self) -> None:
        make_staff("chen")
        client = Client()
        enter(client)
        assert client.get("/accounts/logout/").status_code == 200
        assert client.post("/accounts/logout/")["Location"] == LOGIN
        assert client.get("/accounts/me/").status_code == 302
        assert SignIn.objects.filter(outcome="out").count() == 1


class TestSecondFactor:
    def bind(self, client: Client) -> str:
        secret = re.search(
            r"<code[^>]*>([A-Z2-7]+)</code>", client.get("/accounts/2fa/totp/activate/").content.decode()
        )
        assert secret is not None
        answer = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret[1])})
        assert answer.status_code == 302, answer.content.decode()
        return secret[1]

    def test_staff_without_a_second_factor_are_led_to_bind_one(self) -> None:
        make_staff("chen")
        client = Client()
        enter(client)
        assert client.get(DESK)["Location"].startswith("/accounts/2fa/totp/activate/")
        assert client.get("/api/v1/people/me").json()["code"] == "second_factor_required"
        wrong = client.post("/accounts/2fa/totp/activate/", {"code": "000000"})
        assert wrong.status_code == 200 and not Authenticator.objects.exists()
        secret = self.bind(client)
        assert client.get(DESK).status_code == 404
        stored = Authenticator.objects.get(type="totp").data["secret"]
        assert secret not in stored, "the secret rests sealed"
        assert client.get("/accounts/2fa/recovery-codes/").status_code == 200

    def test_the_code_is_asked_after_the_password_and_wrong_ones_are_refused(self) -> None:
        make_staff("chen")
        first = Client()
        enter(first)
        secret = self.bind(first)
        cache.clear()  # the code that bound the app counts as used
        client = Client()
        assert enter(client)["Location"] == "/accounts/2fa/authenticate/"
        assert client.get("/accounts/me/").status_code == 302, "half-way in is not in"
        wrong = client.post("/accounts/2fa/authenticate/", {"code": "000000"})
        assert "验证码不对" in wrong.content.decode() and client.get("/accounts/me/").status_code == 302
        assert SignIn.objects.filter(outcome="refused", method="totp").count() == 1
        assert client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})["Location"] == "/desk/"
        assert client.get("/accounts/me/").status_code == 200

    def test_a_used_code_is_used_for_every_process_as_long_as_it_would_be_taken(self) -> None:
        make_staff("chen")
        first = Client()
        enter(first)
        code = code_of(self.bind(first))
        second, third = Client(), Client()
        for client in (second, third):
            enter(client)
            client.post("/accounts/2fa/authenticate/", {"code": code})
        assert second.get("/accounts/me/").status_code == 200 and third.get("/accounts/me/").status_code == 302
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT ends FROM {TABLE} WHERE name LIKE %s", ["%totp.used%"])
            ((ends,),) = cursor.fetchall()
        assert ends - clock.now() > timedelta(seconds=80)

    def test_five_wrong_codes_are_the_last(self) -> None:
        make_staff("chen")
        first = Client()
        enter(first)
        secret = self.bind(first)
        cache.clear()
        client = Client()
        enter(client)
        for _ in range(5):
            client.post("/accounts/2fa/authenticate/", {"code": "000000"})
        late = client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
        assert late.status_code == 200 and "15 分钟后再试" in late.content.decode()

    def test_an_administrator_resets_it(self) -> None:
        user, client = make_staff("chen"), Client()
        enter(client)
        self.bind(client)
        assert actions.reset_second_factor(actor=SYSTEM, now=NOW, user=user) == 2
        assert enter(Client())["Location"] == "/desk/"


class TestAccounts:
    def test_open_account_refusals(self) -> None:
        give: dict[str, Any] = {"actor": SYSTEM, "now": NOW, "username": "chen", "password": PASSWORD}
        for bad in ({"username": "陈"}, {"username": "1x"}, {"password": "short"}, {"password": "chenchenchen"}):
            with pytest.raises(Invalid):
                actions.create_staff_account(**(give | bad))
        assert not User.objects.exists()
        actions.create_staff_account(**give)
        with pytest.raises(Conflict):
            actions.create_staff_account(**(give | {"username": "CHEN"}))

    def test_nobody_disables_themselves_or_twice(self) -> None:
        user = make_staff("chen")
        with pytest.raises(Refused):
            actions.disable_account(actor=Actor("staff", f"user:{user.pk}", "陈"), now=NOW, user=user, reason="x")
        with pytest.raises(Invalid):
            actions.disable_account(actor=SYSTEM, now=NOW, user=user, reason=" ")
        actions.disable_account(actor=SYSTEM, now=NOW, user=user, reason="离岗")
        with pytest.raises(Refused):
            actions.disable_account(actor=SYSTEM, now=NOW, user=user, reason="离岗")
        actions.enable_account(actor=SYSTEM, now=NOW, user=user)

    @pytest.mark.usefixtures("one_factor")
    def test_a_new_password_ends_the_sessions(self) -> None:
        user, client = make_staff("chen"), Client()
        enter(client)
        actions.reset_password(actor=SYSTEM, now=NOW, user=user, password="Other-horse-8")
        assert client.get("/accounts/me/").status_code == 302

    def test_demo_logins_are_shown_in_demonstrations_only(self, settings: Any) -> None:
        assert demo.PASSWORD not in Client().get(LOGIN).content.decode()
        settings.HUYING_DEMO, settings.HUYING_REQUIRE_TOTP = True, False
        page = Client().get(LOGIN).content.decode()
        assert demo.PASSWORD in page and "正式环境必须使用" in page
