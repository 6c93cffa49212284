"""Every write of the registry: `verb_noun(*, actor, now, …)`, one transaction, history, trace, facts."""

from .caring import begin_care, confirm, end_care, expire_care
from .changing import Changed, change
from .deciding import decide_proposal, withdraw_proposal
from .erasing import erase_resident, forget_ended
from .indexing import catch_up, renew_search
from .merging import merge_records, tell_apart, undo_merge
from .rights import answer_right, ask_right, record_consent, withdraw_consent

__all__ = [
    "Changed",
    "answer_right",
    "ask_right",
    "begin_care",
    "catch_up",
    "change",
    "confirm",
    "decide_proposal",
    "end_care",
    "erase_resident",
    "expire_care",
    "forget_ended",
    "merge_records",
    "record_consent",
    "renew_search",
    "tell_apart",
    "undo_merge",
    "withdraw_consent",
    "withdraw_proposal",
]
