"""The named cast at their desks: signed-in clients, and matters that wait or went out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import factories
from huying.casework.cases.factories import IN_GRID_1, Cast
from huying.casework.cases.models import Case
from huying.casework.cases.tests.conftest import bring
from huying.casework.dispatch.actions import open_matters
from huying.casework.dispatch.queries import Matter
from huying.kernel.actor import system
from huying.kernel.clock import now

__all__ = ["bring"]
GARBAGE = "柳岸路口的垃圾好几天没人清运了，臭味很大，苍蝇到处飞，电话13912345678"
Desk = Callable[..., Client]
Waiting = Callable[..., Case]


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


@pytest.fixture
def desk(cast: Cast, settings: Any) -> Desk:
    """``desk("li_dispatcher")`` is a client with that person signed in."""
    settings.HUYING_REQUIRE_TOTP = False

    def sign_in(name: str, language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(factories.account_of(cast.people[name]))
        return client

    return sign_in


@pytest.fixture
def waiting(cast: Cast) -> Waiting:
    """A matter that waits for a dispatcher."""

    def make(text: str = GARBAGE, **more: Any) -> Case:
        lon, lat = IN_GRID_1
        given = {"lon": lon, "lat": lat, "hold": True, **more}
        (opened,) = open_matters(
            [Matter(text=text, channel="portal", at=now(), **given)], actor=system("portal"), now=now()
        )
        return Case.objects.get(pk=opened.case_id)

    return make


def said(answer: Any) -> str:
    return answer.content.decode()


def state_of(case: Case) -> str:
    case.refresh_from_db()
    return case.state
