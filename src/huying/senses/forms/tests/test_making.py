"""Made-up answers are such as the form itself takes, for every form that is shipped."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from huying.kernel.actor import system
from huying.kernel.factories import MOMENT
from huying.senses.forms.actions import load_shipped
from huying.senses.forms.checking import check
from huying.senses.forms.making import make_answers
from huying.senses.forms.models import FormVersion

PICTURE = "3f2b8a80-0000-4000-8000-000000000001"
ASKED = ("small_premises_fire", "inspect_population", "visit_elder", "inspect_fire")
GIVEN = {"lodgers": 0, "how": "home", "keeper_phone": "19900000001"}


@pytest.fixture
def definitions(db: None) -> dict[str, dict[str, Any]]:
    load_shipped(actor=system("test"), now=MOMENT)
    return {row.form.code: row.definition for row in FormVersion.objects.select_related("form")}


def test_answers_are_taken_and_fail_as_often_as_asked(definitions: dict[str, dict[str, Any]]) -> None:
    for code in ASKED:
        for fails, on_spot in ((0, False), (2, False), (1, True)):
            told = {"now": MOMENT.isoformat(), "picture": PICTURE}
            made = make_answers(definitions[code], Random(7), given=GIVEN, fails=fails, on_spot=on_spot, **told)
            again = make_answers(definitions[code], Random(7), given=GIVEN, fails=fails, on_spot=on_spot, **told)
            done = check(definitions[code], made, now=MOMENT.isoformat(), files={PICTURE: "image"})
            assert done.ok and made == again, code
            assert len(done.findings) == fails and all(one.solved is on_spot for one in done.findings), code


def test_what_cannot_be_made_up_is_said() -> None:
    item = {"name": "a", "path": "a", "type": "audio", "required": True, "label": {}}
    with pytest.raises(ValueError, match="no answers"):
        make_answers({"code": "x", "items": [item]}, Random(1), now=MOMENT.isoformat(), picture=PICTURE)
