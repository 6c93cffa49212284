from __future__ import annotations

import pytest

from huying.casework.cases.factories import Cast, make_cast
from huying.kernel.actor import Actor
from huying.senses.devices import directory
from huying.senses.devices.factories import make_keeper


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Each test has a database of its own; what this process knew of another's is forgotten."""
    directory.forget()


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def luo(cast: Cast) -> Actor:
    """罗设备, who looks after the devices of the county."""
    return make_keeper(cast)


@pytest.fixture
def shen(cast: Cast) -> Actor:
    """沈设备, who does so too: the second pair of eyes."""
    return make_keeper(cast, "沈设备")
