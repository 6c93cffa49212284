"""The case page's advice on an answer."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from huying.casework.cases import factories
from huying.casework.cases.factories import Cast
from huying.casework.cases.models import Case
from huying.casework.dispatch.actions import open_matters
from huying.casework.dispatch.queries import Matter
from huying.kernel.actor import system
from huying.kernel.clock import now

TEXT = "柳岸路口的垃圾好几天没人清运了，臭味很大。什么时候能清走？以后多久清一次？"


@pytest.fixture
def cast(db: None) -> Cast:
    return factories.make_cast()


@pytest.fixture
def case(cast: Cast) -> Case:
    (opened,) = open_matters([Matter(text=TEXT, channel="portal", at=now(), hold=True)], actor=system("t"), now=now())
    return Case.objects.get(pk=opened.case_id)


def signed_in(cast: Cast, name: str, settings: Any) -> Client:
    settings.HUYING_REQUIRE_TOTP = False
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(factories.account_of(cast.people[name]))
    return client


def test_an_answer_is_looked_at_and_nothing_is_stored(cast: Cast, case: Case, settings: Any) -> None:
    client = signed_in(cast, "li_dispatcher", settings)
    assert "答复写得怎样" in client.get(f"/desk/cases/{case.pk}/").content.decode()
    empty = client.post(
        f"/desk/understanding/cases/{case.pk}/answer", {"answer": "您好，您的留言已收悉。"}
    ).content.decode()
    whole = client.post(
        f"/desk/understanding/cases/{case.pk}/answer",
        {
            "answer": "您好！柳岸路口的垃圾今天上午已由街道环卫所清走并冲洗地面。以后每天早晚各清一次，"
            "8月起由环卫所专人巡查。如再有问题，请致电环卫所 0571-12345678。"
        },
    ).content.decode()
    assert "没有看到对这一句的回应" in empty and "没有看到对这一句的回应：“什么时候能清走" not in whole
    case.refresh_from_db()
    assert case.version == 1


def test_a_stranger_gets_404(cast: Cast, case: Case, settings: Any) -> None:
    client = signed_in(cast, "li_dispatcher", settings)
    assert client.post("/desk/understanding/cases/999999/answer", {"answer": "x"}).status_code == 404
    assert Client().post(f"/desk/understanding/cases/{case.pk}/answer", {"answer": "x"}).status_code == 302
