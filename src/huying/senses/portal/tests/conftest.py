"""One small place with its people, and a browser without script: Django's client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache, caches

from huying.casework.cases import factories
from huying.casework.cases.factories import Cast
from huying.casework.dispatch.models import DispatchPolicy


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    caches["near"].clear()
    yield
    caches["near"].clear()


@pytest.fixture
def cast(db: None) -> Cast:
    cache.clear()  # tries that other tests counted from this same address
    made = factories.make_cast()
    DispatchPolicy.objects.create(
        area="", min_confidence=0.3, min_margin=0.0, min_place=0.5, valid_from=factories.BEGAN
    )
    return made
