"""kill -9 of the web server while matters come in and are dispatched: nothing lost, nothing twice.

Callers do what real ones do: they send again, with the same number, until somebody answers.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from huying.casework.cases import factories
from huying.casework.cases.factories import IN_GRID_1, TOWN
from huying.casework.cases.models import Assignment, Case
from huying.ground.organisation.actions import issue_key
from huying.kernel import clock
from huying.kernel.actor import SYSTEM
from huying.kernel.trace import Entry, verify
from huying.kernel.trace.keys import ensure_private_key
from huying.senses.reports.models import Report
from tests.conftest import Web

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]
CALLERS, EACH = 4, 30
PATIENCE = 90.0


class Caller:
    """Sends until it is answered; a broken connection is no answer."""

    def __init__(self, web: Web, token: str) -> None:
        self.web, self.token = web, token
        self.broken = 0

    def post(self, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            connection = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=20)
            try:
                headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
                connection.request("POST", f"/api/v1{path}", json.dumps(body), headers)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())
            except (OSError, http.client.HTTPException, ValueError):
                self.broken += 1
                time.sleep(0.05)
            finally:
                connection.close()
        raise TimeoutError(path)


def test_nothing_lost_nothing_twice(web: Web) -> None:
    factories.make_cast()
    now = clock.now()
    scopes = ["reports:write", "cases:read", "cases:act"]
    _row, token = issue_key(
        name="热线", scopes=scopes, area=TOWN, expires_at=now + timedelta(days=1), actor=SYSTEM, now=now
    )
    callers = [Caller(web, token) for _ in range(CALLERS)]
    answers: list[tuple[int, dict[str, Any]]] = []

    def work(number: int) -> None:
        caller = callers[number]
        lon, lat = IN_GRID_1
        for index in range(EACH):
            body = {
                "text": "柳岸路口垃圾没人清",
                "source_id": f"{number}-{index}",
                "lon": lon,
                "lat": lat,
                "hold": True,
            }
            status, taken = caller.post("/reports", body)
            assert status in (200, 201), taken
            # Dispatching is not idempotent by number; a second try finds it done and says so.
            status, case = caller.post(f"/cases/{taken['case_id']}/dispatch", {"item": "0101"})
            assert status in (200, 409), case
            answers.append((status, taken))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for wanted in (15, 50, 90):
        deadline = time.monotonic() + PATIENCE
        while Report.objects.count() < wanted and time.monotonic() < deadline:
            time.sleep(0.01)
        web.kill()
        web.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads)

    total = CALLERS * EACH
    assert sum(caller.broken for caller in callers) > 0, "the server was never away while somebody called"
    assert len(answers) == total
    assert Report.objects.count() == Case.objects.count() == total
    assert set(Case.objects.values_list("state", flat=True)) == {"dispatched"}
    leads = Assignment.objects.filter(role="lead", state__in=Assignment.LIVE)
    assert Counter(leads.values_list("case_id", flat=True)).most_common(1)[0][1] == 1
    assert leads.count() == total
    verbs = Counter(Entry.objects.filter(chain__startswith="case:").values_list("verb", flat=True))
    assert (verbs["open"], verbs["dispatch"]) == (total, total)
    ensure_private_key()
    assert verify().ok
