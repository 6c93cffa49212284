"""Every write of the voices: taking them in, their photos, what their reporters answer back, and erasing them."""

from .answering import rate_report, remind, say_not_solved
from .erasing import erase_report
from .intake import Taken, Voice, take_in
from .photos import add_photos, must_take_photos
from .splitting import split_report, take_in_apart

__all__ = [
    "Taken",
    "Voice",
    "add_photos",
    "erase_report",
    "must_take_photos",
    "rate_report",
    "remind",
    "say_not_solved",
    "split_report",
    "take_in",
    "take_in_apart",
]
