"""Answers to logins, without a server: who is let in, to what, and what is no request at all."""

import pytest

from huying.kernel.stream import nkeys
from huying.kernel.stream.callout import STAYS, Login, Permit, answer_to, device_permit
from huying.kernel.stream.nkeys import KeyPair, read_token, write_token

ISSUER = KeyPair.create(nkeys.ACCOUNT)
SERVER = KeyPair.create(nkeys.SERVER)
USER = KeyPair.create(nkeys.USER).public


def asked(by="mqtt", name="d-1", password="right", kind="Client"):
    info = {"host": "10.0.0.9", "kind": kind, "type": by}
    about = {"user_nkey": USER, "server_id": {"id": SERVER.public}, "client_info": info}
    about["connect_opts"] = {"user": name, "pass": password, "protocol": 1}
    return write_token(SERVER, {"aud": "nats-authorization-request", "nats": about}).encode()


def judge(login):
    return device_permit(login.name, login.kind) if login.password == "right" else None


def answered(request, judge=judge):
    return read_token(answer_to(request, judge, ISSUER, "$G"))


def test_who_is_known_gets_what_is_its_own():
    answer = answered(asked())
    assert (answer["iss"], answer["sub"], answer["aud"]) == (ISSUER.public, USER, SERVER.public)
    user = read_token(answer["nats"]["jwt"])
    assert (user["iss"], user["sub"], user["aud"], user["name"]) == (ISSUER.public, USER, "$G", "d-1")
    assert user["nats"]["pub"] == {"allow": ["hy.d-1.up", "hy.d-1.urgent"]}
    assert user["nats"]["sub"] == {"allow": ["hy.d-1.down"]}
    assert user["nats"]["allowed_connection_types"] == ["MQTT"]
    assert 0.89 * STAYS < user["exp"] - user["iat"] <= STAYS


def test_a_sender_by_nats_publishes_where_it_is_stored_and_hears_its_own_answers_only():
    user = read_token(answered(asked("nats"))["nats"]["jwt"])
    assert user["nats"]["pub"] == {"allow": ["$MQTT.msgs.hy.d-1.up", "$MQTT.msgs.hy.d-1.urgent"]}
    assert user["nats"]["sub"] == {"allow": ["hy.d-1.down", "_INBOX_d-1.>"]}


def test_an_empty_list_allows_nothing():
    user = read_token(answered(asked(), lambda _login: Permit([], []))["nats"]["jwt"])
    assert user["nats"]["pub"] == user["nats"]["sub"] == {"deny": [">"]}


@pytest.mark.parametrize(
    "request_", [asked(password="wrong"), asked(name=""), asked("websocket"), asked("nats", kind="Leafnode")]
)
def test_who_is_not_known_is_refused_without_a_word(request_):
    answer = answered(request_)
    assert "jwt" not in answer["nats"] and answer["nats"]["error"] == "not let in"


def test_a_judge_that_fails_lets_nobody_in(caplog):
    def fails(_login):
        raise RuntimeError("no database")

    assert "jwt" not in answered(asked(password="s3cret"), fails)["nats"]
    assert "s3cret" not in caplog.text and "d-1" not in caplog.text


def test_the_judge_learns_who_how_and_from_where():
    seen = []
    answered(asked(), lambda login: seen.append(login))
    assert seen == [Login("d-1", "right", "mqtt", "10.0.0.9")]


@pytest.mark.parametrize(
    "wrong", [b"", b"x", b"\xff", asked()[:-3] + b"AAA", write_token(SERVER, {"nats": {}}).encode()]
)
def test_what_is_no_request_is_not_answered(wrong):
    assert answer_to(wrong, judge, ISSUER, "$G") == ""
