"""All tables of the kernel, gathered for Django; each lives with the code that uses it."""

from huying.kernel.files.models import ErasedBytes, StoredFile
from huying.kernel.privacy.models import AccessEntry
from huying.kernel.replicas import Departure, ReplicaHome
from huying.kernel.trace.models import Checkpoint, Entry, Leaf, PrivateValue

__all__ = [
    "AccessEntry",
    "Checkpoint",
    "Departure",
    "Entry",
    "ErasedBytes",
    "Leaf",
    "PrivateValue",
    "ReplicaHome",
    "StoredFile",
]
