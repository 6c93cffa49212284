"""What the first request would otherwise wait for: the catalogue, the directory and the ground read, the classifier schooled."""

from __future__ import annotations

import gc
import logging

from django.db import DatabaseError

from huying.casework.catalogue import queries as catalogue
from huying.casework.clocks import queries as clocks
from huying.casework.understanding import queries as understanding
from huying.casework.understanding.emergencies.detecting import detect
from huying.casework.understanding.replies.judging import usual_background
from huying.ground.organisation.queries import directory
from huying.ground.territory import queries as territory
from huying.kernel import clock
from huying.kernel.clock import local_day

_OBJECTS, _GENERATIONS = (
    20_000,
    (20, 20),
)  # a page makes some ten thousand objects; the standard 700 is for small programs


def warm() -> None:
    """Fill what is kept in memory. Without a database, or before anything is founded, the first request does it."""
    today = local_day(clock.now())
    try:
        clocks.almanac()
        directory(on=today)
        territory.locate_texts(["路口"], on=today, k=1)
        understanding.propose(["路灯不亮"], catalogue=catalogue.current(today))
    except DatabaseError as error:
        logging.getLogger(__name__).info("not warmed: %s", error)
    detect("")  # its words, read and compiled
    usual_background()  # what answers are compared with; reading the dictionary takes seconds
    settle()


def settle() -> None:
    """Spare the collector what stays for ever: going through it took two tenths of a second, in the middle of any page."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS, *_GENERATIONS)
