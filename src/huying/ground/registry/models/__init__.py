"""Tables of the registry. Records are held by replicas; what is done with them (changes, proposals, rights) is not."""

from .keeping import Change, Consent, ImportRun, Likeness, Proposal, Receipt, Reject, RightsRequest
from .knowing import Backlog, Knowledge, Withheld
from .record import Record, State
from .records import (
    MODELS,
    CareEntry,
    Facility,
    Household,
    Organisation,
    Premises,
    Relation,
    Residence,
    Resident,
)
from .uploading import Upload

__all__ = [
    "MODELS",
    "Backlog",
    "CareEntry",
    "Change",
    "Consent",
    "Facility",
    "Household",
    "ImportRun",
    "Knowledge",
    "Likeness",
    "Organisation",
    "Premises",
    "Proposal",
    "Receipt",
    "Record",
    "Reject",
    "Relation",
    "Residence",
    "Resident",
    "RightsRequest",
    "State",
    "Upload",
    "Withheld",
]
