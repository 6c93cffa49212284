"""One full history for all tests of the demo place: it is the costly part."""

from random import Random

import pytest

from huying.config.demo import VoicedReport, make_reports

from .town import END, PLACES


@pytest.fixture(scope="session")
def reports() -> list[VoicedReport]:
    return list(make_reports(Random(7), PLACES, [], END))
