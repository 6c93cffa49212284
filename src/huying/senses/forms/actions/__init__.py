"""Every write of the forms."""

from .amending import amend_submission, check_amender, hold_submission
from .forgetting import forget_answers, forget_sealed, hold_answers
from .publishing import (
    LOADER,
    FormRefused,
    Shipped,
    import_form,
    load_shipped,
    publish_version,
    refresh_shipped,
    retire_form,
)
from .receiving import Filled, receive, receive_many

__all__ = [
    "LOADER",
    "Filled",
    "FormRefused",
    "Shipped",
    "amend_submission",
    "check_amender",
    "forget_answers",
    "forget_sealed",
    "hold_answers",
    "hold_submission",
    "import_form",
    "load_shipped",
    "publish_version",
    "receive",
    "receive_many",
    "refresh_shipped",
    "retire_form",
]
