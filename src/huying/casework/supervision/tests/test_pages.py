"""The pages open for those who may, in both languages, and are not there for anybody else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from huying.casework.clocks import actions as clocks
from huying.casework.clocks import factories
from huying.casework.clocks.models import CalendarDay, Notice
from huying.casework.supervision import desk, queries
from huying.casework.supervision.models import SupervisionOrder
from huying.ground.accounts.factories import make_staff
from huying.kernel.clock import now

pytestmark = pytest.mark.django_db
STAFF = "huying.ground.accounts.backends.StaffBackend"


@pytest.fixture(autouse=True)
def _no_second_factor(settings) -> None:
    settings.HUYING_REQUIRE_TOTP = False


@pytest.fixture
def who() -> factories.Cast:
    made = factories.cast()
    factories.open_many(made, 2, at=now() - timedelta(days=20))
    factories.open_case(made, at=now() - timedelta(days=20), sent=False)
    clocks.turn_lights(now=now())
    return made


def signed_in(who: factories.Cast, role: str) -> Client:
    person = who.people[role]
    person.user = make_staff(username=role)
    person.save()
    client = Client()
    client.force_login(person.user, backend=STAFF)
    return client


PAGES = {
    "/desk/supervision": ("supervisor", "discipline", "centre_lead"),
    "/desk/supervision/matters?what=overdue": ("supervisor", "discipline"),
    "/desk/supervision/matters?what=bad": ("supervisor",),
    "/desk/supervision/orders?state=all": ("supervisor", "unit_lead", "handler"),
    "/desk/calendar?month=2026-10": ("centre_lead", "supervisor"),
    "/desk/calendar/thresholds": ("centre_lead", "discipline"),
    "/desk/notices": ("handler", "unit_lead", "supervisor"),
}


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_pages_open(who, address, language) -> None:
    for role in PAGES[address]:
        client = signed_in(who, role)
        client.cookies["huying_language"] = language
        assert client.get(address).status_code == 200, role


def test_pages_are_not_there_for_others(who) -> None:
    handler = signed_in(who, "handler")
    for address in ("/desk/supervision", "/desk/supervision/matters", "/desk/calendar", "/desk/calendar/thresholds"):
        assert handler.get(address).status_code == 404
        assert Client().get(address).status_code == 302
    assert handler.get("/desk/supervision/matters?what=everything").status_code in (404, 422)


def test_the_board_says_what_it_counts_and_leads_to_the_cases(who) -> None:
    client = signed_in(who, "supervisor")
    counts = queries.counts(who.actor("supervisor"), now=now())
    board = client.get("/desk/supervision").content.decode()
    assert counts.overdue > counts.overdue_cases > 0
    assert f"个时限，涉及 {counts.overdue_cases} 件事件" in board
    limits = client.get("/desk/supervision/matters?what=overdue").content.decode()
    address = "/desk/?queue=all&amp;light=overdue"
    assert f"涉及 {counts.overdue_cases} 件事件" in limits and address in limits
    listed = client.get(address.replace("&amp;", "&")).content.decode()
    assert listed.count("data-row") == counts.overdue_cases and "有时限超时" in listed


def test_the_list_opens_at_the_orders_the_menu_counts(who) -> None:
    order = SupervisionOrder.objects.filter(unit=who.team).first()
    page, chosen = "/desk/supervision/orders", '?state={}" aria-current'
    unit, supervisor = signed_in(who, "handler"), signed_in(who, "supervisor")
    assert chosen.format("open") in unit.get(page).content.decode()
    assert (
        chosen.format("open") in supervisor.get(page).content.decode()
    )  # nothing waits for them: what is with the units
    unit.post(f"{page}/{order.pk}/act", {"do": "answer", "text": "今天办完"})
    assert queries.count_to_answer(who.actor("supervisor")) == 1
    assert chosen.format("answered") in supervisor.get(page).content.decode()
    assert chosen.format("closed") in supervisor.get(f"{page}?state=closed").content.decode()


def test_the_next_page_of_orders_goes_on_in_the_state_that_was_chosen(who, monkeypatch) -> None:
    real = queries.order_page
    monkeypatch.setattr(desk.queries, "order_page", lambda *given, **more: real(*given, **more, size=1))
    supervisor, address = signed_in(who, "supervisor"), "/desk/supervision/orders"
    assert SupervisionOrder.objects.filter(state="open").count() > 1
    (link,) = re.findall(r'href="([?][^"]+)" [^>]*rel="next"', supervisor.get(address).content.decode())
    assert "state=open" in link
    order = SupervisionOrder.objects.filter(unit=who.team, state="open").latest("pk")
    signed_in(who, "handler").post(f"{address}/{order.pk}/act", {"do": "answer", "text": "今天办完"})
    assert supervisor.get(address).context["state"] == "answered"
    second = supervisor.get(address + link.replace("&amp;", "&"))
    assert second.context["state"] == "open" and {row.state for row in second.context["page"].rows} <= {"open"}
    kept = re.findall(r'href="([?][^"]+)" [^>]*rel="prev"', second.content.decode())
    assert all("state=open" in one for one in kept)


def test_an_order_is_answered_and_closed_on_its_page(who) -> None:
    order = SupervisionOrder.objects.filter(unit=who.team).first()
    page = f"/desk/supervision/orders/{order.pk}"
    unit, supervisor, discipline = (signed_in(who, role) for role in ("unit_lead", "supervisor", "discipline"))
    assert unit.post(f"{page}/act", {"do": "answer", "text": " "}).status_code == 422
    assert unit.post(f"{page}/act", {"do": "answer", "text": "今天办完"}).status_code == 302
    refused = discipline.post(f"{page}/act", {"do": "close", "text": "不行"})
    assert refused.status_code == 403
    assert supervisor.post(f"{page}/act", {"do": "close", "text": "属实"}).status_code == 302
    order.refresh_from_db()
    assert order.state == "closed"
    assert supervisor.get(page).status_code == 200


def test_raising_and_reminding_from_a_case(who) -> None:
    case = factories.open_case(who, at=now())
    supervisor = signed_in(who, "supervisor")
    assert supervisor.post(f"/desk/supervision/cases/{case.pk}/order", {"reason": "快办"}).status_code == 302
    assert SupervisionOrder.objects.filter(case=case, cause="manual").count() == 1
    before = Notice.objects.filter(kind="remind", case=case).count()
    assert supervisor.post(f"/desk/supervision/cases/{case.pk}/remind").status_code == 302
    assert Notice.objects.filter(kind="remind", case=case).count() > before


def test_a_calendar_change_is_shown_before_it_is_made(who) -> None:
    centre = signed_in(who, "centre_lead")
    day = (now() + timedelta(days=1)).date().isoformat()
    form = {"since": day, "working": "no", "area": factories.COUNTY, "source": "停工通知"}
    shown = centre.post("/desk/calendar/change", {**form, "do": "preview"})
    assert shown.status_code == 200 and not CalendarDay.objects.exists()
    assert centre.post("/desk/calendar/change", {**form, "source": "", "do": "apply"}).status_code == 422
    assert centre.post("/desk/calendar/change", {**form, "do": "apply"}).status_code == 302
    assert CalendarDay.objects.get().source == "停工通知"
    assert signed_in(who, "supervisor").post("/desk/calendar/change", {**form, "do": "apply"}).status_code == 403


def test_notices_are_marked_read(who) -> None:
    handler = signed_in(who, "handler")
    assert handler.post("/desk/notices").status_code == 302
    assert not Notice.objects.filter(person=who.people["handler"], read_at__isnull=True).exists()


def test_the_api_shows_and_moves_orders(who) -> None:
    supervisor, unit = signed_in(who, "supervisor"), signed_in(who, "unit_lead")
    listed = supervisor.get("/api/v1/supervision/orders?state=open").json()["items"]
    assert len(listed) == SupervisionOrder.objects.filter(state="open").count()
    order = next(one for one in listed if one["unit_id"] == who.team.pk)
    answered = unit.post(
        f"/api/v1/supervision/orders/{order['id']}/answer", {"text": "今天办完"}, content_type="application/json"
    )
    assert answered.status_code == 200 and answered.json()["state"] == "answered"
    assert supervisor.get("/api/v1/supervision/counts").json()["orders_answered"] == 1
    assert unit.get("/api/v1/supervision/counts").status_code == 404
    clocks_of = supervisor.get(f"/api/v1/cases/{order['case_id']}/clocks").json()
    assert {one["kind"] for one in clocks_of} == {"respond", "close"}
    assert len(supervisor.get("/api/v1/calendar/2026/10").json()) == 31
    assert supervisor.get("/api/v1/notices?size=1").json()["next"]


@pytest.mark.parametrize("digits", [5, 19, 5000])
def test_a_number_that_is_too_long_is_refused(who, digits) -> None:
    client, nines = signed_in(who, "supervisor"), "9" * digits
    assert client.get("/desk/supervision/rates", {"days": "30"}).status_code == 200
    assert client.get("/desk/supervision/rates", {"days": nines}).status_code == 422
    assert client.get("/desk/supervision/rates/all", {"days": nines}).status_code == 422
    far = client.get("/desk/supervision/matters", {"what": "overdue", "unit": nines})
    assert far.status_code == (200 if digits < 19 else 422)
