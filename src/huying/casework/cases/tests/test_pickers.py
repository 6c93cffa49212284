"""Pickers of units and areas, however far down, and what is said where several are meant."""

from __future__ import annotations

import re
from typing import Any

import pytest

from huying.casework.cases.desk.pickers import area_from, kept_by_browsers, unit_from
from huying.casework.cases.factories import Cast
from huying.casework.cases.models import Case
from huying.ground.organisation.queries import directory
from huying.kernel import clock
from huying.kernel.errors import Invalid

from .conftest import Bring
from .test_desk_inbox import signed_in, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_factor(settings: Any) -> None:
    settings.HUYING_REQUIRE_TOTP = False


def test_a_unit_far_down_is_found_by_words_of_what_stands_above_it_and_by_initials(cast: Cast) -> None:
    client = signed_in(cast, "li_dispatcher")

    def offered(words: str, of: str = "units") -> list[str]:
        page = text(client.get(f"/desk/cases/pick/{of}", {"q": words}))
        return re.findall(r'<option value="([^"]+)"', page)

    assert offered("望湖 柳岸") == ["柳岸社区居委会（liuan）"]
    assert offered("lasq") == offered("liuanshequ") == ["柳岸社区居委会（liuan）"]
    assert offered("柳岸 没有的") == offered("望湖 没有的") == [] and len(offered("望湖街道")) == 3
    assert "望湖街道办事处 · 望湖 柳岸" in text(client.get("/desk/cases/pick/units", {"q": "望湖 柳岸"}))
    assert offered("望湖街道柳岸社区", "areas") == ["柳岸社区（990101001001）"]
    assert offered("桥东 一网格", "areas") == ["桥东一网格（990101001002001）"]
    assert offered("湖东省 没有的", "areas") == []
    assert offered("lasq", "areas")[0] == offered("liuanshequ", "areas")[0] == "柳岸社区（990101001001）"


def test_a_suggestion_says_what_was_typed_and_nothing_beside_it_where_it_has_no_note() -> None:
    options = [("柳岸社区", "望湖街道"), ("望湖街道", "")]
    assert kept_by_browsers(options, "whjd") == [("柳岸社区", "望湖街道 · whjd"), ("望湖街道", "whjd")]
    assert kept_by_browsers(options, "望湖") == options


def test_a_unit_or_area_meant_by_several_names_which_there_are(cast: Cast) -> None:
    known = directory(on=clock.local_day(clock.now()))
    assert unit_from("望湖 柳岸", known) == cast.units["liuan"].pk
    with pytest.raises(Invalid) as refused:
        unit_from("居委会", known)
    assert "柳岸社区居委会（liuan）" in str(refused.value) and "桥东社区居委会（qiaodong）" in str(refused.value)
    with pytest.raises(Invalid) as refused:
        area_from("一网格")
    assert "柳岸一网格（990101001001001）" in str(refused.value)
    for nobody in ("没有这样的单位", "望湖 没有"):
        with pytest.raises(Invalid):
            unit_from(nobody, known)


def test_what_was_here_before_is_said_only_of_a_known_grid(cast: Cast, bring: Bring) -> None:
    first, client = bring("handling"), signed_in(cast, "he_sanitation")
    address = f"/desk/cases/{first.pk}/"
    assert "这个网格以前没有您看得到的事件" in text(client.get(address))
    Case.objects.filter(pk=first.pk).update(grid="")
    assert "这里以前的事" not in text(client.get(address))
