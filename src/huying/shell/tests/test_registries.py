from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.utils.safestring import mark_safe

from huying.shell import navigation, panels
from huying.shell.navigation import Entry


@dataclass
class Person:
    roles: tuple[str, ...]

    def has(self, role: str) -> bool:
        return role in self.roles


@pytest.fixture(autouse=True)
def empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(navigation, "_entries", {})
    monkeypatch.setattr(navigation, "_search", [])
    monkeypatch.setattr(
        navigation, "url_of", lambda name: {"list": "/desk/", "more": "/desk/more", "": ""}.get(name, "")
    )
    panels._panels.clear()


def request(path: str, *roles: str) -> HttpRequest:
    made = RequestFactory().get(path)
    made.actor = Person(roles)  # type: ignore[attr-defined]
    return made


def test_an_entry_is_shown_to_its_roles_only() -> None:
    navigation.register(Entry("分拨", "list", roles=("dispatcher",)))
    navigation.register(Entry("更多", "more"))
    assert [one.label for one in navigation.entries(request("/"), "desk")] == ["更多"]
    assert [one.label for one in navigation.entries(request("/", "dispatcher"), "desk")] == ["分拨", "更多"]


def test_entries_come_in_order_with_counts_and_the_current_one() -> None:
    navigation.register(Entry("更多", "more", order=2, count=lambda request: 3))
    navigation.register(Entry("待办", "list", order=1))
    shown = navigation.entries(request("/desk/more/5"), "desk")
    assert [(one.label, one.count, one.current) for one in shown] == [("待办", None, False), ("更多", 3, True)]


def test_an_address_nobody_serves_is_not_shown() -> None:
    navigation.register(Entry("空", "nothing"))
    assert navigation.entries(request("/"), "desk") == []


def test_registering_again_replaces() -> None:
    navigation.register(Entry("旧", "list"))
    navigation.register(Entry("新", "list"))
    assert [one.label for one in navigation.entries(request("/"), "desk")] == ["新"]


def test_panels_come_in_order_and_escape_plain_text() -> None:
    def late(request: HttpRequest, subject: object) -> str:
        return mark_safe(f"<b>{subject}</b>")

    def early(request: HttpRequest, subject: object) -> str:
        return "<i>"

    def silent(request: HttpRequest, subject: object) -> str:
        return ""

    panels.register("case", "main", late, order=20)
    panels.register("case", "main", early, order=10)
    panels.register("case", "main", silent)
    panels.register("case", "main", late, order=30)
    assert panels.render(request("/"), "case", "main", 7) == "&lt;i&gt;\n<b>7</b>"
    assert panels.render(request("/"), "case", "side", 7) == ""


def test_everybody_begins_where_their_work_is() -> None:
    navigation.register(Entry("目录", "more", order=600, starts=("catalogue_editor",)))
    navigation.register(Entry("来电", "list", order=4, starts=("seat",)))
    navigation.register(Entry("未建", "nothing", order=1, starts=("device_keeper",)))
    begins = {
        ("catalogue_editor",): "/desk/more",
        ("catalogue_editor", "seat"): "/desk/",
        ("catalogue_editor", "handler"): "/elsewhere",  # a handler's work is the list of cases
        ("device_keeper",): "/elsewhere",  # a page nobody serves
        ("device_keeper", "catalogue_editor"): "/desk/more",
        (): "/elsewhere",
    }
    assert {roles: navigation.first_page(roles, "/elsewhere") for roles in begins} == begins
