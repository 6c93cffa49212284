"""Actors from accounts and keys; the REST units; the command line."""

from __future__ import annotations

import csv
import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from huying.ground.accounts.factories import make_resident, make_staff
from huying.ground.organisation import access, actions, commands
from huying.ground.organisation.factories import COUNTY, GRID, NOW, STREET, TODAY, make_cast, staff
from huying.ground.organisation.models import ApiKey, Appointment, Unit
from huying.kernel import clock
from huying.kernel.actor import SYSTEM
from huying.kernel.errors import Forbidden, Invalid, Refused
from huying.kernel.trace import Entry

pytestmark = pytest.mark.django_db
FOREVER = timedelta(days=90)


def test_duties_come_from_appointments_valid_today(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    cast = make_cast()
    with django_assert_num_queries(1):
        actor = access.actor_for(cast.worker.user, now=NOW)
    assert (actor.kind, actor.ref, actor.name) == ("staff", f"person:{cast.worker.pk}", "李网格")
    duty = actor.duties[0]
    assert (duty.role, duty.area, duty.unit_path) == ("grid_worker", GRID, cast.community.path)
    assert access.actor_for(cast.dispatcher.user, now=NOW).duties[0].unit_path == ""
    Appointment.objects.filter(person=cast.worker).update(valid_to=TODAY)
    assert access.actor_for(cast.worker.user, now=NOW).duties == ()


def test_residents_strangers_disabled_and_unappointed_staff_have_no_duties() -> None:
    resident, idle = make_resident(), make_staff("idle")
    assert access.actor_for(resident, now=NOW).ref == f"user:{resident.pk}"
    assert access.actor_for(idle, now=NOW).duties == ()
    idle.disabled_at = NOW
    assert access.actor_for(idle, now=NOW) is access.ANONYMOUS
    assert access.actor_for(AnonymousUser(), now=NOW) is access.ANONYMOUS
    cast = make_cast()
    cast.worker.valid_to = TODAY
    cast.worker.save()
    assert access.actor_for(cast.worker.user, now=NOW).duties == ()


def issue(**changes: object) -> tuple[ApiKey, str]:
    now = clock.now()
    give = {"actor": SYSTEM, "now": now, "name": "热线", "scopes": ["units:read"], "expires_at": now + FOREVER}
    return actions.issue_key(**(give | changes))  # type: ignore[arg-type]


def ask(token: str, address: str = "/api/v1/units") -> tuple[int, dict[str, object]]:
    answer = Client().get(address, headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()


def test_a_key_reads_units_of_its_area_and_branch() -> None:
    make_cast()
    _key, token = issue(area=STREET)
    status, body = ask(token)
    assert status == 200 and {unit["code"] for unit in body["units"]} == {"street", "team", "community"}  # type: ignore[attr-defined, index]
    assert ask(token, "/api/v1/units/centre")[0] == 404
    assert ask(token, "/api/v1/units/team")[0] == 200
    assert ask(token, "/api/v1/people/me")[1]["kind"] == "key"
    _narrow, token = issue(unit=Unit.objects.get(code="team"))
    assert [unit["code"] for unit in ask(token)[1]["units"]] == ["team"]  # type: ignore[attr-defined, index]


@pytest.mark.parametrize("token", ["nonsense", "hy_abc", "hy_abc_def", "hy__x"])
def test_unknown_keys_are_401_problems(token: str) -> None:
    status, body = ask(token)
    assert (status, body["code"]) == (401, "bad_key")


def test_revoked_expired_and_scopeless_keys() -> None:
    key, token = issue()
    actions.revoke_key(actor=SYSTEM, now=NOW, key=key)
    assert ask(token) == (401, ask(token)[1]) and ask(token)[1]["code"] == "key_revoked"
    with pytest.raises(Refused):
        actions.revoke_key(actor=SYSTEM, now=NOW, key=key)
    _old, token = issue(now=NOW, expires_at=NOW + timedelta(days=1))
    assert ask(token)[1]["code"] == "key_expired"
    _other, token = issue(scopes=["reports:write"])
    assert ask(token)[0] == 403


def test_a_renewed_key_is_the_same_caller_with_a_secret_of_its_own() -> None:
    key, token = issue(scopes=["units:read"], area=STREET)
    later = clock.now()
    second, fresh = actions.renew_key(actor=SYSTEM, now=later, key=key, expires_at=later + FOREVER)
    third, newest = actions.renew_key(actor=SYSTEM, now=later, key=second, expires_at=later + FOREVER)
    assert [second.renews_id, third.renews_id] == [key.pk, key.pk] and len({token, fresh, newest}) == 3
    callers = {access.actor_for_key(one, now=later) for one in (token, fresh, newest)}
    assert {one.ref for one in callers} == {f"key:{key.pk}"} and len(callers) == 1  # scopes, area and name are the same
    actions.revoke_key(actor=SYSTEM, now=later, key=key)
    assert ask(token)[1]["code"] == "key_revoked" and ask(newest)[0] == 200
    verbs = list(Entry.objects.filter(chain="keys").order_by("seq").values_list("verb", flat=True))
    assert verbs == ["key_issued", "key_renewed", "key_renewed", "key_revoked"]


def test_who_may_not_renew_changes_nothing() -> None:
    key, _token = issue()
    now = clock.now()
    with pytest.raises(Forbidden):
        actions.renew_key(actor=staff("organisation_editor"), now=now, key=key, expires_at=now + FOREVER)
    with pytest.raises(Invalid):
        actions.renew_key(actor=SYSTEM, now=now, key=key, expires_at=now + timedelta(days=400))
    assert ApiKey.objects.count() == 1 and Entry.objects.filter(chain="keys").count() == 1


def test_what_was_revoked_is_not_renewed() -> None:
    key, _token = issue()
    now = clock.now()
    actions.revoke_key(actor=SYSTEM, now=now, key=key)
    with pytest.raises(Refused, match="重新签发"):
        actions.renew_key(actor=SYSTEM, now=now, key=key, expires_at=now + FOREVER)
    assert ApiKey.objects.count() == 1 and Entry.objects.filter(chain="keys").count() == 2


def test_a_key_is_renewed_on_the_command_line() -> None:
    key, token = issue()
    answer = CliRunner().invoke(commands.renew, [f"hy_{key.prefix}", "--days", "30", "--json"])
    assert answer.exit_code == 0, answer.output
    fresh = json.loads(answer.output.splitlines()[-1])["key"]
    now = clock.now()
    assert access.actor_for_key(fresh, now=now).ref == access.actor_for_key(token, now=now).ref
    assert CliRunner().invoke(commands.renew, ["nosuchkey"]).exit_code != 0 and ApiKey.objects.count() == 2


def test_last_use_is_stamped_at_most_once_a_minute(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    key, token = issue()
    now = clock.now()
    access.actor_for_key(token, now=now)
    with django_assert_num_queries(1):
        access.actor_for_key(token, now=now + timedelta(seconds=59))
    access.actor_for_key(token, now=now + timedelta(seconds=61))
    key.refresh_from_db()
    assert key.last_used_at == now + timedelta(seconds=61)


@pytest.mark.parametrize(
    "bad", [{"scopes": []}, {"scopes": ["all:write"]}, {"area": "12345"}, {"name": " "}, {"expires_at": NOW}]
)
def test_bad_keys_are_invalid(bad: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        issue(**bad)
    assert not ApiKey.objects.exists()


def test_only_administrators_issue_keys() -> None:
    with pytest.raises(Forbidden):
        issue(actor=staff("organisation_editor"))
    with pytest.raises(Forbidden):
        issue(actor=staff("admin", area=COUNTY), area="")
    assert not ApiKey.objects.exists()


def test_nobody_reads_units_without_signing_in() -> None:
    make_cast()
    answer = Client().get("/api/v1/units")
    assert answer.status_code == 401 and answer["Content-Type"] == "application/problem+json"


def test_units_travel_through_csv_and_back(tmp_path: Path) -> None:
    make_cast()
    file = tmp_path / "units.csv"
    run = CliRunner()
    assert run.invoke(commands.export_units, ["-o", str(file)]).exit_code == 0
    again = run.invoke(commands.import_units, [str(file)])
    assert "4 unchanged, 0 refused" in again.output
    text = file.read_text(encoding="utf-8-sig")
    file.write_text(text.replace("team,team,", "team,新名字,") + "x,x,,club,L3,nowhere,,,\n", encoding="utf-8")
    third = run.invoke(commands.import_units, [str(file), "--rejects", str(tmp_path / "bad.csv")])
    assert "0 created, 1 changed, 3 unchanged, 1 refused" in third.output
    assert "nowhere" in (tmp_path / "bad.csv").read_text()
    assert Unit.objects.get(code="team").name == "新名字"


def test_a_unit_with_a_trade_nobody_knows_is_refused_with_its_row_and_reason(tmp_path: Path) -> None:
    make_cast()
    file, bad = tmp_path / "units.csv", tmp_path / "bad.csv"
    rows = (
        "code,name,name_en,kind,level,parent,area,trades,phone",
        f"n1,新队,,team,L3,street,{STREET},street_sanitation,",
        f"n2,怪队,,team,L3,street,{STREET},street_sanitation fortune_telling,",
    )
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")
    said = CliRunner().invoke(commands.import_units, [str(file), "--rejects", str(bad)]).output
    assert "1 created, 0 changed, 0 unchanged, 1 refused" in said
    assert "line 3 n2" in said
    (refused,) = list(csv.DictReader(bad.read_text(encoding="utf-8").splitlines()))
    assert (refused["line"], refused["code"]) == ("3", "n2")
    assert "fortune_telling" in refused["why"] and "street_sanitation" not in refused["why"]
    assert set(Unit.objects.filter(code__startswith="n").values_list("code", flat=True)) == {"n1"}


def test_keys_by_command_line() -> None:
    run = CliRunner()
    made = run.invoke(commands.issue, ["热线", "--scope", "reports:write"])
    token = made.output.split()[0]
    assert access.actor_for_key(token, now=clock.now()).name == "热线"
    assert "1 keys" in run.invoke(commands.list_keys, []).output
    assert run.invoke(commands.revoke, [token]).exit_code == 0
    with pytest.raises(access.BadKey):
        access.actor_for_key(token, now=clock.now())
