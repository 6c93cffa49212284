"""What the tests of the registry's pages share."""

from __future__ import annotations

from typing import Any

import pytest

from .desk_cast import Desk, make_desk


@pytest.fixture
def desk(db: None, settings: Any) -> Desk:
    """The people of a desk, who sign in with a password alone."""
    settings.HUYING_REQUIRE_TOTP = False
    return make_desk()
