"""What was read in a case's words, below its facts."""

from __future__ import annotations

from django.http import HttpRequest
from django.template.loader import render_to_string

from huying.casework.cases.models import Case

from .words_reading import said_of


def below_facts(request: HttpRequest, case: Case) -> str:
    """When it was and is, as the words say."""
    return render_to_string("understanding/said.html", {"said": said_of(case)}, request=request)
