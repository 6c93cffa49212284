"""The doors the kernel keeps closed until a room opens them: live topics, files of a case, chains by case number."""

from __future__ import annotations

from huying.kernel.actor import Actor
from huying.kernel.files import allow_files
from huying.kernel.live import topic_access
from huying.kernel.models import StoredFile
from huying.kernel.numbers import whole_number
from huying.kernel.trace import resolve_chain

from . import access
from .models import Case
from .turns import chain


@topic_access("cases")
def staff_listens(actor: Actor, topic: str) -> bool:
    """All staff hear that some case moved; what it is they ask for, and are told what they may see."""
    return actor.kind == "staff"


@allow_files("case")
def may_see_file(actor: Actor, file: StoredFile) -> bool:
    """Whoever sees the case sees its pictures."""
    case_id = file.subject.partition(":")[2]
    number = whole_number(case_id)
    return number is not None and access.visible(actor).filter(pk=number).exists()


@resolve_chain
def chain_of_number(text: str) -> str | None:
    """The chain of a case number or id, as people write it."""
    found = Case.objects.filter(number=text).values_list("pk", flat=True).first()
    if found is None and (number := whole_number(text)) is not None:
        found = Case.objects.filter(pk=number).values_list("pk", flat=True).first()
    return None if found is None else chain(found)
