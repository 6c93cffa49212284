"""What tests of the senses share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from huying.casework.cases import factories
from huying.casework.catalogue.models import CatalogueVersion, Item


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
