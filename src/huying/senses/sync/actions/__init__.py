"""Every write of the sync."""

from .bundling import Taken, take_bundle
from .clearing import clear_old, forget_subjects
from .devices import count_pull, enrol_device, note_session, revoke_device
from .mending import remove_operation, retry_operation
from .taking import Result, take_operations
from .trying import retry_waiting
from .uploading import WrongOffset, take_part

__all__ = [
    "Result",
    "Taken",
    "WrongOffset",
    "clear_old",
    "count_pull",
    "enrol_device",
    "forget_subjects",
    "note_session",
    "remove_operation",
    "retry_operation",
    "retry_waiting",
    "revoke_device",
    "take_bundle",
    "take_operations",
    "take_part",
]
