"""The demonstration's devices: where they stand, what they have said, what went wrong, and what they go on saying.

``make_devices`` gives a peopled place its devices, with weeks of history and some alarms behind them; ``Living`` lets
them speak on. Both follow the same course (``simulator``), so that live readings go on where the history ends.
"""

from .history import DAYS
from .living import Living
from .making import is_equipped, make_devices

__all__ = ["DAYS", "Living", "is_equipped", "make_devices"]
