"""The demo place speaks: 90 days of believable reports and what became of them, all from one seed."""

from .places import AreaLike, PlaceLike
from .plans import FatePlan, Step
from .rhythm import Live, VoicedReport, make_reports

__all__ = ["AreaLike", "FatePlan", "Live", "PlaceLike", "Step", "VoicedReport", "make_reports"]
