"""Live screens cost neither a thread nor a connection: many of them stay open while pages go on being answered."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from huying.casework.cases import factories
from huying.casework.cases.factories import account_of
from huying.config.asgi import THREADS
from tests.sessions import session_of

PATIENCE = 30.0


def test_more_live_screens_than_threads_leave_room_for_pages(site: str) -> None:
    cookie = f"{settings.SESSION_COOKIE_NAME}={session_of(account_of(factories.make_cast().li_dispatcher))}"
    where = urlsplit(site)
    screens = [
        http.client.HTTPConnection(str(where.hostname), where.port, timeout=PATIENCE) for _ in range(2 * THREADS)
    ]
    for screen in screens:
        screen.request("GET", "/live?topics=cases", headers={"Cookie": cookie})
        answer = screen.getresponse()
        assert answer.status == 200
        assert answer.read(5) == b"retry"
    before = _connections()
    for _page in range(THREADS + 4):
        page = http.client.HTTPConnection(str(where.hostname), where.port, timeout=PATIENCE)
        page.request("GET", "/desk/", headers={"Cookie": cookie})
        answer = page.getresponse()
        assert answer.status == 200
        answer.read()
        page.close()
    assert before <= THREADS + 4
    for screen in screens:
        screen.close()


def _connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
