"""Who is let in: only a device in use, with the secret it was given last."""

from __future__ import annotations

from typing import Any

import pytest

from huying.casework.cases.factories import NOW, Cast
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, Refused
from huying.kernel.stream import Login
from huying.senses.devices import actions
from huying.senses.devices.factories import make_device, make_devices
from huying.senses.devices.logins import device_let_in, judge
from huying.senses.devices.models import Credential


def test_the_secret_lets_in_and_is_kept_nowhere(luo: Actor) -> None:
    device = make_device(luo, "b-1")
    secret = actions.issue_credential(device.pk, actor=luo, now=NOW)
    row = Credential.objects.get(device=device)
    assert len(secret) >= 43 and secret.encode() not in bytes(row.secret_hash) + bytes(row.salt)
    assert secret not in str(list(trace.Entry.objects.filter(chain="equipment:b-1").values()))
    permit = judge(Login("b-1", secret, "mqtt", "10.0.0.9"))
    assert permit is not None
    assert permit.publish == ["hy.b-1.up", "hy.b-1.urgent"] and permit.subscribe == ["hy.b-1.down"]


def test_two_devices_with_one_secret_would_still_look_different(luo: Actor) -> None:
    made = actions.issue_credentials(make_devices(luo, 2), actor=luo, now=NOW)
    assert len(set(made.values())) == 2
    assert len({bytes(row.salt) for row in Credential.objects.all()}) == 2


@pytest.mark.parametrize("secret", ["", "x", "x" * 43, "x" * 500, "密钥" * 20, "\x00" * 43])
def test_a_wrong_secret_is_refused(luo: Actor, secret: str) -> None:
    device = make_device(luo, "b-1")
    actions.issue_credential(device.pk, actor=luo, now=NOW)
    assert device_let_in("b-1", secret) is None
    assert judge(Login("b-1", secret, "mqtt", "")) is None


@pytest.mark.parametrize("code", ["", "b-2", "b-1\x00", "b" * 500, "b-1' OR '1'='1", "hy.>"])
def test_a_wrong_code_is_refused(luo: Actor, code: str) -> None:
    device = make_device(luo, "b-1")
    secret = actions.issue_credential(device.pk, actor=luo, now=NOW)
    assert device_let_in(code, secret) is None


def test_a_new_secret_makes_the_old_worthless(luo: Actor) -> None:
    device = make_device(luo, "b-1")
    first = actions.issue_credential(device.pk, actor=luo, now=NOW)
    second = actions.issue_credential(device.pk, actor=luo, now=NOW)
    assert device_let_in("b-1", first) is None and device_let_in("b-1", second) == device.pk


def test_revoked_paused_and_retired_devices_stay_outside(luo: Actor) -> None:
    device = make_device(luo, "b-1")
    secret = actions.issue_credential(device.pk, actor=luo, now=NOW)
    actions.pause_device(device.pk, actor=luo, now=NOW, why="停电")
    assert device_let_in("b-1", secret) is None
    actions.resume_device(device.pk, actor=luo, now=NOW)
    assert device_let_in("b-1", secret) == device.pk
    actions.revoke_credential(device.pk, actor=luo, now=NOW)
    assert device_let_in("b-1", secret) is None
    with pytest.raises(Refused):
        actions.revoke_credential(device.pk, actor=luo, now=NOW)
    again = actions.issue_credential(device.pk, actor=luo, now=NOW)
    assert device_let_in("b-1", again) == device.pk
    actions.retire_device(device.pk, actor=luo, now=NOW, why="拆除")
    assert device_let_in("b-1", again) is None
    with pytest.raises(Refused):
        actions.issue_credential(device.pk, actor=luo, now=NOW)


def test_only_whoever_looks_after_it(luo: Actor, cast: Cast) -> None:
    device = make_device(luo)
    for other in (cast.tang_grid, cast.zhao_centre, cast.qian_supervisor):
        with pytest.raises(Forbidden):
            actions.issue_credential(device.pk, actor=other, now=NOW)
        with pytest.raises(Forbidden):
            actions.revoke_credential(device.pk, actor=other, now=NOW)
    assert not Credential.objects.exists()


def test_a_login_is_one_query(luo: Actor, django_assert_num_queries: Any) -> None:
    device = make_device(luo, "b-1")
    secret = actions.issue_credential(device.pk, actor=luo, now=NOW)
    with django_assert_num_queries(1):
        assert device_let_in("b-1", secret)
    with django_assert_num_queries(0):
        assert device_let_in("b-1", "short") is None


def test_secrets_for_many_cost_a_few_queries(luo: Actor, django_assert_max_num_queries: Any) -> None:
    devices = make_devices(luo, 300)
    with django_assert_max_num_queries(6):
        assert len(actions.issue_credentials(devices, actor=luo, now=NOW)) == 300
