"""The named cast, with nothing kept in memory from another test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import factories
from huying.casework.cases.factories import Cast

from .. import indexing

Desk = Callable[..., Client]


@pytest.fixture
def cast(db: None) -> Iterator[Cast]:
    indexing.forget()
    yield factories.make_cast()
    indexing.forget()


@pytest.fixture
def desk(cast: Cast, settings: Any) -> Desk:
    """``desk("zhao_centre", "en")`` is a client with that person signed in."""
    settings.HUYING_REQUIRE_TOTP = False

    def sign_in(name: str, language: str = "zh-hans") -> Client:
        client = Client(headers={"accept-language": language})
        client.force_login(factories.account_of(cast.people[name]))
        return client

    return sign_in
