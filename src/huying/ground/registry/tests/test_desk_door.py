"""The one door: purpose, log, ten minutes on one page; the emergency button; who watches the log; taking lists away."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook

from huying.ground.registry.desk import grants
from huying.kernel import clock
from huying.kernel.actor import Actor
from huying.kernel.privacy import AccessEntry, reveal

from .desk_cast import DAUGHTER_PHONE, ID_NUMBER, NAME, PHONE, SECRETS, Desk, text

pytestmark = pytest.mark.django_db
HOME = "/desk/registry/"
WHY = {"purpose": "visit", "why": "上门看望独居老人"}


def test_opening_writes_one_line_and_shows_only_what_was_asked(desk: Desk) -> None:
    worker = desk.client("worker")
    answer = worker.post(f"{desk.url}open", {"fields": ["phone"], **WHY})
    assert answer["Location"].startswith(desk.url)
    entry = AccessEntry.objects.get()
    assert (entry.subject, entry.what) == (f"resident:{desk.resident.pk}", ["phone"])
    assert (entry.actor_ref, entry.why) == (desk.actors["worker"].ref, "上门走访：上门看望独居老人")
    said = text(worker.get(desk.url))
    assert PHONE in said and ID_NUMBER not in said and DAUGHTER_PHONE not in said
    assert PHONE not in text(worker.get(HOME, {"tab": "person"}))
    assert PHONE not in text(desk.client("editor").get(desk.url))
    assert AccessEntry.objects.count() == 1


def test_it_shuts_after_ten_minutes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = desk.client("worker")
    worker.post(f"{desk.url}open", {"fields": ["phone"], **WHY})
    monkeypatch.setattr(grants, "OPEN_FOR", timedelta(minutes=10))
    later = clock.now() + timedelta(minutes=10, seconds=1)
    monkeypatch.setattr("huying.ground.registry.desk.record.clock.now", lambda: later)
    assert PHONE not in text(worker.get(desk.url))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"purpose": "", "why": "上门看望老人"}, "请选择为什么要看"),
        ({"purpose": "visit", "why": "看看"}, "至少 4 个字"),
        ({"purpose": "visit", "why": "字" * 151}, "150 个字以内"),
        ({"purpose": "nothing", "why": "上门看望老人"}, "请选择为什么要看"),
    ],
)
def test_without_a_purpose_nothing_opens_and_nothing_is_written(desk: Desk, given: dict[str, str], said: str) -> None:
    worker = desk.client("worker")
    answer = worker.post(f"{desk.url}open", {"fields": ["phone", "name"], **given})
    page = text(answer)
    assert answer.status_code == 422 and said in page
    assert not [secret for secret in SECRETS if secret in page]
    assert not AccessEntry.objects.exists()
    assert PHONE not in text(worker.get(desk.url))


def test_nothing_ticked_opens_nothing(desk: Desk) -> None:
    answer = desk.client("worker").post(f"{desk.url}open", WHY)
    assert answer.status_code == 422 and "请勾选要看的内容" in text(answer)
    assert not AccessEntry.objects.exists()


def test_an_emergency_takes_one_tap_and_the_supervisor_learns_of_it(desk: Desk) -> None:
    worker = desk.client("worker")
    answer = worker.post(f"{desk.url}emergency", follow=True)
    assert DAUGHTER_PHONE in text(answer) and PHONE in text(answer) and ID_NUMBER not in text(answer)
    assert {entry.why for entry in AccessEntry.objects.all()} == {"紧急救助"}
    seen = text(desk.client("supervisor").get(f"{HOME}log/"))
    assert "紧急查看，请核对" in seen and "唐网格" in seen
    assert NAME not in seen


def test_the_log_is_for_who_watches_and_only_over_their_area(desk: Desk) -> None:
    now = clock.now()
    for number in range(3):
        who = Actor("staff", f"person:9{number}", f"张{number}")
        reveal(actor=who, now=now, subject=f"resident:{desk.resident.pk}", why=f"核对信息{number}", fields=["phone"])
    stranger = Actor("staff", "person:99", "别处的人")
    reveal(actor=stranger, now=now, subject="resident:999999", why="核对别处信息", fields=["phone"])
    client = desk.client("discipline")
    said = text(client.get(f"{HOME}log/"))
    assert "核对信息2" in said and "核对别处信息" not in said and "电话" in said
    said = text(client.get(f"{HOME}log/", {"why": "信息1"}))
    assert "核对信息1" in said and "核对信息2" not in said
    assert "核对信息1" not in text(client.get(f"{HOME}log/", {"who": "person:92"}))
    assert client.get(f"{HOME}log/", {"since": "nonsense", "resident": "x"}).status_code == 200
    assert desk.client("worker").get(f"{HOME}log/").status_code == 404


def test_heavy_readers_are_seen(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huying.ground.registry.queries_desk.HEAVY_A_DAY", 0)
    reveal(
        actor=desk.actors["worker"],
        now=clock.now(),
        subject=f"resident:{desk.resident.pk}",
        why="走访",
        fields=["phone"],
    )
    assert "偏多" in text(desk.client("discipline").get(f"{HOME}log/"))


def test_a_list_leaves_masked_and_marked_and_the_look_is_written(desk: Desk) -> None:
    editor = desk.client("editor")
    answer = editor.post(f"{HOME}export?tab=person", {})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    rows = [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]
    assert "何信息" in rows[0][0] and "138****8000" in str(rows)
    assert not [secret for secret in SECRETS if secret in str(rows)]
    assert AccessEntry.objects.get().subject == "registry:list"
    assert desk.client("worker").post(f"{HOME}export?tab=person").status_code == 404


def test_unmasked_needs_a_purpose_and_everybody_in_it_learns(desk: Desk) -> None:
    editor = desk.client("editor")
    refused = editor.post(f"{HOME}export?tab=person", {"unmasked": "1"})
    assert refused.status_code == 422 and not AccessEntry.objects.exists()
    answer = editor.post(f"{HOME}export?tab=person", {"unmasked": "1", "purpose": "audit", "why": "年度数据核对"})
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert PHONE in str([list(row) for row in sheet.iter_rows(values_only=True)])
    assert AccessEntry.objects.get().subject == f"resident:{desk.resident.pk}"
