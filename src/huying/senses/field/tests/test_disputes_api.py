"""Corrections in dispute through the interface: read in one's areas, decided by people with words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from huying.casework.cases.factories import COUNTY, NOW, Cast
from huying.ground.organisation.actions import issue_key
from huying.ground.organisation.factories import staff
from huying.ground.registry.models import Premises
from huying.kernel.trace.models import Entry
from huying.senses.field.models import Dispute
from huying.senses.forms.models import SubmissionRevision

from .test_correcting import at_noon, shop, signed_in
from .test_disputing import in_dispute, now_says

__all__ = ["at_noon", "shop"]
pytestmark = pytest.mark.usefixtures("at_noon")
LIST = "/api/v1/field/disputes"


def decide(client: Client, number: int, **body: Any) -> Any:
    return client.post(f"{LIST}/{number}/decide", body, content_type="application/json")


def a_key(area: str = COUNTY) -> Client:
    _row, token = issue_key(
        actor=staff("admin"), now=NOW, name="智慧社区", scopes=["field:read"], expires_at=NOW + timedelta(days=30),
        unit=None, area=area,
    )  # fmt: skip
    return Client(headers={"authorization": f"Bearer {token}"})


def test_who_oversees_reads_both_values_and_takes_the_phones(cast: Cast, shop: Premises) -> None:
    made, dispute = in_dispute(cast, shop)
    client = signed_in(cast.qian_supervisor)
    (listed,) = client.get(LIST).json()["items"]
    assert (listed["id"], listed["submission"], listed["paths"]) == (dispute.pk, str(made.uid), ["use"])
    assert (listed["reason"], listed["state"], listed["decided_at"]) == ("看错了", "open", None)
    (value,) = client.get(f"{LIST}/{dispute.pk}").json()["values"]
    assert (value["path"], value["before"], value["after"], value["hidden"]) == ("use", "mixed", "home", False)
    done = decide(client, dispute.pk, take=True)
    assert (done.status_code, done.json()["state"], done.json()["values"]) == (200, "taken", [])
    assert now_says(made)["use"] == "home"
    assert client.get(LIST).json()["items"] == []
    assert [one["id"] for one in client.get(LIST, {"state": "taken"}).json()["items"]] == [dispute.pk]
    assert decide(client, dispute.pk, take=False, words="不对").status_code == 409


def test_leaving_aside_needs_words_and_masks_numbers_in_them(cast: Cast, shop: Premises) -> None:
    made, dispute = in_dispute(cast, shop)
    client = signed_in(cast.qian_supervisor)
    entries = Entry.objects.count()
    refused = decide(client, dispute.pk, take=False)
    assert refused.status_code == 422 and "words" in str(refused.json()["fields"])
    assert (Entry.objects.count(), Dispute.objects.get().state) == (entries, "open")
    done = decide(client, dispute.pk, take=False, words="问过13812345678，是混用").json()
    assert done["state"] == "left" and "13812345678" not in done["words"] and done["decided_by"]
    assert now_says(made)["use"] == "mixed"


def test_strangers_authors_and_systems_decide_nothing(cast: Cast, shop: Premises) -> None:
    _made, dispute = in_dispute(cast, shop)
    entries, revisions = Entry.objects.exclude(chain="keys").count(), SubmissionRevision.objects.count()
    for actor in (cast.tang_grid, cast.he_sanitation):
        client = signed_in(actor)
        assert client.get(LIST).status_code == client.get(f"{LIST}/{dispute.pk}").status_code == 404
        assert decide(client, dispute.pk, take=True).status_code == 404
    system = a_key()
    assert system.get(f"{LIST}/{dispute.pk}").json()["values"], "a system may read"
    assert decide(system, dispute.pk, take=True).status_code == 403
    assert a_key("110101").get(f"{LIST}/{dispute.pk}").status_code == 404
    assert Client().get(LIST).status_code == 401
    Dispute.objects.update(by=cast.qian_supervisor.ref)
    assert decide(signed_in(cast.qian_supervisor), dispute.pk, take=True).status_code == 403
    assert signed_in(cast.qian_supervisor).get(LIST).json()["items"] == [], "their own wait for somebody else"
    assert [one["id"] for one in system.get(LIST).json()["items"]] == [dispute.pk]
    assert (Entry.objects.exclude(chain="keys").count(), SubmissionRevision.objects.count()) == (entries, revisions)
    assert Dispute.objects.get().state == "open"


def test_a_list_costs_one_query_and_pages(cast: Cast, shop: Premises) -> None:
    _made, first = in_dispute(cast, shop)
    _made, second = in_dispute_again(cast, shop, first)
    client = signed_in(cast.qian_supervisor)
    client.get(LIST)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(LIST, {"size": 1}).json()
    assert len([one for one in asked if 'FROM "field_dispute"' in one["sql"]]) == 1
    assert [one["id"] for one in page["items"]] == [first.pk]
    (rest,) = client.get(LIST, {"size": 1, "cursor": page["next"]}).json()["items"]
    assert rest["id"] == second.pk
    assert client.get(LIST, {"state": "nonsense"}).status_code == 422


def in_dispute_again(cast: Cast, shop: Premises, first: Dispute) -> tuple[Any, Dispute]:
    """The same once more, about another form."""
    from .test_correcting import correct, fill
    from .test_disputing import phone

    made = fill(cast, shop, {"clear": "yes"})
    correct(made, cast.qian_supervisor, {"use": "mixed"})
    phone(made, cast, {"use": "home"}, {"use": None})
    return made, Dispute.objects.exclude(pk=first.pk).get()
