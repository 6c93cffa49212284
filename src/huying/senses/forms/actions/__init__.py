"""Every write of the forms."""

from .publishing import FormRefused, import_form, load_shipped, publish_version, retire_form
from .receiving import amend_submission, receive

__all__ = [
    "FormRefused",
    "amend_submission",
    "import_form",
    "load_shipped",
    "publish_version",
    "receive",
    "retire_form",
]
