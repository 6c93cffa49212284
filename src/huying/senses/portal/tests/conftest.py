"""One small place with its people, and a browser without script: Django's client."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache

from huying.casework.cases import factories
from huying.casework.cases.factories import Cast
from huying.casework.catalogue.models import CatalogueVersion, Item
from huying.casework.dispatch.models import DispatchPolicy


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def cast(db: None) -> Cast:
    made = factories.make_cast()
    DispatchPolicy.objects.create(
        area="", min_confidence=0.3, min_margin=0.0, min_place=0.5, valid_from=factories.BEGAN
    )
    return made


def publish(code: str, **changes: Any) -> None:
    """A new edition of the catalogue in which one item is otherwise."""
    version = CatalogueVersion.objects.create(number=2, valid_from=factories.BEGAN + timedelta(days=1))
    for item in Item.objects.filter(version__number=1):
        item.pk, item.version = None, version
        if item.code == code:
            for name, value in changes.items():
                setattr(item, name, value)
        item.save(force_insert=True)
    version.state, version.published_at = "published", factories.NOW
    version.save()
