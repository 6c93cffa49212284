"""The door of the files of submissions: whoever sees the submission sees its pictures."""

from __future__ import annotations

from huying.kernel.actor import Actor
from huying.kernel.files import allow_files
from huying.kernel.models import StoredFile
from huying.kernel.numbers import whole_number

from . import access


@allow_files("submission")
def may_see_file(actor: Actor, file: StoredFile) -> bool:
    """Files of a submission are seen by those who see it."""
    number = whole_number(file.subject.partition(":")[2])
    return number is not None and access.visible(actor).filter(pk=number).exists()
