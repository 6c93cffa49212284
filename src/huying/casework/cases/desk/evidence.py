"""What the closing condition of a case's item asks for, as inputs of the feedback form, and reading them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest

from huying.casework.catalogue.condition_words import FIELDS
from huying.casework.catalogue.conditions import describe_condition, fields_for
from huying.kernel.errors import Invalid
from huying.kernel.files import accept_upload

from .. import actions
from ..models import Case
from .fields import Field, Options
from .scene import Scene

STAGE_OF = {"photos_before": "before", "photos_after": "after", "documents": "document"}
_KINDS = {"long_text": "long", "time": "moment", "yes": "tick", "choice": "select", "file": "document"}
MOST_FILES = 9


def condition_words(case: Case) -> str:
    """The closing condition in plain words."""
    return str(describe_condition(case.item.conditions))


def notice_options(_scene: Scene) -> Options:
    """The ways a resident can be told an answer."""
    return next([(code, str(said)) for code, said in one.choices] for one in FIELDS["C4"] if one.name == "notice_kind")


def _offering(choices: Options) -> Callable[[Scene], Options]:
    return lambda _scene: choices


def evidence_fields(case: Case) -> tuple[Field, ...]:
    """One input for each thing the condition may ask for."""
    found = []
    for one in fields_for(case.item.conditions):
        choices = tuple((code, str(said)) for code, said in one.choices)
        found.append(
            Field(
                one.name,
                _KINDS.get(one.kind, one.kind),
                str(one.label),
                required=False,
                options=_offering(choices) if choices else None,
                evidence=True,
            )
        )
    return tuple(found)


def as_evidence(values: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs as the feedback action takes them; photos are read from the case itself."""
    given = {name: value for name, value in values.items() if value not in (None, "", [], False)}
    if "milestones" in given:
        given["milestones"] = [{"name": name, "due": due.isoformat()} for name, due in given["milestones"]]
    return given


def take_files(request: HttpRequest, scene: Scene) -> dict[str, str]:
    """Attach what was uploaded, each at its stage. Returns the documents by input, named by their hash.

    Every file is looked at before any is attached, so a bad one leaves nothing behind.
    """
    uploads = [(name, file) for name in (*STAGE_OF, "report_ref_file") for file in request.FILES.getlist(name)]
    if len(uploads) > MOST_FILES * 2:
        raise Invalid(field="photos_after")
    stored = []
    for name, file in uploads:
        stage = STAGE_OF.get(name, "document")
        documents = stage == "document"
        try:
            row = accept_upload(file, actor=scene.actor, now=scene.now, name=file.name or "", documents=documents)
        except Invalid as error:
            raise Invalid(error.message, hint=error.hint, field=name) from error
        stored.append((name, stage, row))
    for _name, stage, row in stored:
        actions.attach_file(scene.case.pk, row, stage=stage, actor=scene.actor, now=scene.now)
    return {name.removesuffix("_file"): row.sha256 for name, _stage, row in stored if name.endswith("_file")}
