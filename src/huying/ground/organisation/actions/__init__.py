"""Every write to the organisation: `verb_noun(*, actor, now, …)`, one transaction, one trace entry.

Chains: `unit:<code>` for units, people, rotas and responsibility; `area:<code>` for admission; `keys` for keys of no unit.
"""

from .doors import close_account, forget_authenticator, open_account, renew_password, reopen_account
from .keys import issue_key, renew_key, revoke_key
from .lists import admit_item, end_responsibility, set_responsibility, withdraw_item
from .people import add_person, appoint_person, end_appointment, hand_over
from .rotas import drop_shift, set_shift, swap_shift
from .units import change_unit, close_unit, create_unit, move_unit

__all__ = [
    "add_person",
    "admit_item",
    "appoint_person",
    "change_unit",
    "close_account",
    "close_unit",
    "create_unit",
    "drop_shift",
    "end_appointment",
    "end_responsibility",
    "forget_authenticator",
    "hand_over",
    "issue_key",
    "move_unit",
    "open_account",
    "renew_key",
    "renew_password",
    "reopen_account",
    "revoke_key",
    "set_responsibility",
    "set_shift",
    "swap_shift",
    "withdraw_item",
]
