"""Every page somebody can reach from their menu, in both languages and at both sizes: accessible, quiet, and in one language.

Pages are found by following links: the menu's, the page's own, and the forms a case's page offers. A page that is the same for
everybody is judged once, with the role it is most for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import CharField, JSONField, TextField
from playwright.sync_api import Page

from huying.casework.cases import actions as cases
from huying.casework.cases import factories
from huying.casework.cases.factories import COUNTY, LIUAN, Cast, account_of
from huying.casework.clocks.actions.sweeping import turn_lights
from huying.casework.dispatch import actions as dispatch
from huying.ground.accounts.factories import make_resident
from huying.ground.accounts.models import User
from huying.ground.organisation.factories import make_appointment, make_person
from huying.kernel import clock
from huying.kernel.files import accept_upload
from huying.kernel.trace.keys import ensure_private_key
from huying.senses.reports.models import Report

from . import peopled
from .stage import GARBAGE, Axe, OpenPage, photo, told

pytestmark = pytest.mark.slow
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
REASON = "一家管不住"  # kept apart and sealed, so not found by looking through the tables
MOST_PAGES = 32  # for one role; a menu that leads to more is a menu to be thinned
DEPTH = 2
DESK_START = "/desk/"
STAFF = {
    "seat": "wang_seat",
    "dispatcher": "li_dispatcher",
    "centre_lead": "zhao_centre",
    "checker": "sun_checker",
    "supervisor": "qian_supervisor",
    "discipline": "ji_discipline",
    "handler": "he_sanitation",
    "unit_lead": "lin_sanitation_head",
    "grid_worker": "tang_grid",
}
ADDED = {
    "admin": ("admin",),
    "editors": ("catalogue_editor", "territory_editor", "organisation_editor"),
    "registry": ("registry_editor",),
    "field": ("grid_lead", "catalogue_editor"),
    "devices": ("device_keeper",),
}
MOST_OF = {"registry": 40, "field": 48, "devices": 48}
# The same for everybody: judged with the one role named.
OWNERS = {
    r"^/desk/registry/log": "discipline",
    r"^/desk/registry": "registry",
    r"^/desk/(field|forms)": "field",
    r"^/desk/(devices|alarms)": "devices",
    r"^/my-information": "known_resident",
    r"^/desk/catalogue": "editors",
    r"^/desk/areas": "editors",
    r"^/desk/organisation": "admin",
    r"^/desk/calendar": "centre_lead",
    r"^/accounts/": "handler",
    r"^/desk/notices": "handler",
    r"^/desk/cases/#/.*(note|remind|attach|call_emergency)$": "handler",
    r"^/(report|mine|around|call|privacy)?$|^/p/": "resident",
    r"^/desk/map": "handler",
    r"^/desk/cases/#/print": "handler",
    r"^/desk/supervision": "supervisor",
    r"^/desk/dispatch": "dispatcher",
}
NO_PAGES = re.compile(
    r"export|\.(json|geojson|png|pdf|xlsx|csv)$|/photo|/files?/|/file$|logout|code\.png|/static/|/api/|^/m/"
    r"|^/field$"  # the phone app draws itself: it has a test of its own
)
ID = re.compile(r"(?<=/)[\w-]*\d[\w-]*(?=/|$)")
CHINESE = re.compile(r"[\u3400-\u9fff]+")
LINKS = "links => links.filter(a => !a.hasAttribute('download')).map(a => a.href)"
TEXTS = """() => {
  const hidden = 'script, style, [lang^=zh], template, datalist, textarea';
  const seen = [], shown = e => e && !e.closest(hidden) && !e.querySelector(':scope > mark');
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) if (shown(walk.currentNode.parentElement)) seen.push(walk.currentNode.data);
  for (const e of document.querySelectorAll('[aria-label], [title], [placeholder], [alt]'))
    if (shown(e)) for (const name of ['aria-label', 'title', 'placeholder', 'alt']) seen.push(e.getAttribute(name) || '');
  return [document.title, ...seen].filter(text => /[\\u3400-\\u9fff]/.test(text)).map(text => text.trim());
}"""
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def address(site: str) -> str:
    return site


@pytest.fixture
def cast(site: str) -> Iterator[Cast]:
    """A place at work: something waits in every queue."""
    ensure_private_key()
    made = factories.make_cast()
    now = clock.now()
    _busy(made, now)
    yield made


def _busy(cast: Cast, now: Any) -> None:
    earlier = now - timedelta(hours=3)
    told("说不清是什么味道，晚上睡不着", now, hold=True, phone="13900001234")
    told(GARBAGE, now, item="0101", hold=True)
    told("柳岸路口垃圾又满了", now, item="0101")
    late = told("桥头垃圾堆了三天", now - timedelta(days=12), item="0101")
    turn_lights(now=now)
    objected = told("楼道里堆满纸箱", earlier, item="0514")
    cases.object_to_case(objected.pk, reason="属于物业管理范围", actor=cast.ma_liuan, now=now)
    handling = told("垃圾桶倒了没人扶", earlier, item="0101")
    cases.sign_case(handling.pk, actor=cast.he_sanitation, now=earlier)
    calls = [dispatch.Call(cast.units["enforcement"].pk, "4wh", "查摊贩")]
    dispatch.whistle(handling.pk, calls, reason=REASON, actor=cast.he_sanitation, now=earlier)
    handling.refresh_from_db()
    assert handling.due_at is not None
    until = handling.due_at + timedelta(hours=1)
    cases.ask_extension(handling.pk, until=until, reason="要等工地停工", actor=cast.he_sanitation, now=now)
    for number in range(2):
        done = told(f"公交站旁有暴露垃圾{number}", earlier, item="0101", phone=f"1390000777{number}")
        cases.sign_case(done.pk, actor=cast.he_sanitation, now=earlier)
        for stage, minutes in (("before", 100), ("after", 20)):
            taken = photo(stage, now - timedelta(minutes=minutes))
            file = accept_upload(_upload(taken["buffer"]), actor=cast.he_sanitation, now=now)
            cases.attach_file(done.pk, file, stage=stage, actor=cast.he_sanitation, now=now)
        cases.give_feedback(done.pk, text="已清运干净。", evidence={}, actor=cast.he_sanitation, now=now)
        if number:
            cases.pass_check(done.pk, actor=cast.sun_checker, now=now)
    cases.transfer_out(late.pk, channel="110", reason="有人打架", actor=cast.li_dispatcher, now=now)


def _upload(content: object) -> SimpleUploadedFile:
    assert isinstance(content, bytes)
    return SimpleUploadedFile("photo.jpg", content, "image/jpeg")


def _user(role: str, cast: Cast) -> User:
    if role in STAFF:
        return account_of(cast.people[STAFF[role]])
    person = make_person("管理甲", username=f"every-{role}")
    for one in ADDED[role]:
        make_appointment(person, cast.units["centre"], one, COUNTY)
    assert person.user is not None
    return person.user


class Visit:
    """One person's pages, gathered and judged; everything found is said at the end, not only the first."""

    def __init__(self, page: Page, axe: Axe, role: str) -> None:
        self.page, self.axe, self.role = page, axe, role
        self.found: list[str] = []
        self.data = [peopled.SEEN, peopled.NOTED, *_data_words(), REASON, peopled.WISH, *peopled.MASKED]
        page.on("response", self._answered)

    def _answered(self, answer: Any) -> None:
        if answer.status >= 400:
            self.found.append(f"{answer.status} {urlsplit(answer.url).path}")

    def walk(self, starts: Iterable[str]) -> list[str]:
        """Judge every page reachable in Chinese; their addresses, for the other language."""
        starts = list(starts)
        queue, known = [(one, 0) for one in starts], set()
        visited: list[str] = []
        while queue and len(visited) < MOST_OF.get(self.role, MOST_PAGES):
            path, depth = queue.pop(0)
            key = (path, "") if path in starts else _key(path)
            if key in known:
                continue
            known |= {key, _key(path)}
            if not self._open(path, "zh"):
                continue
            visited.append(path)
            if depth < DEPTH:
                links = self.page.eval_on_selector_all("nav a[href], header a[href], main a[href]", LINKS)
                queue += [(one, depth + 1) for link in links if (one := self._wanted(link))]
        return visited

    def _wanted(self, link: str) -> str:
        parts = urlsplit(link)
        if parts.netloc != urlsplit(self.page.url).netloc or NO_PAGES.search(parts.path):
            return ""
        asked = parse_qs(parts.query)
        if set(asked) - {"do", "case", "what"}:
            return ""
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return path if _owner(path) in ("", self.role) else ""

    def again(self, paths: Iterable[str]) -> None:
        """The same pages in English."""
        for path in paths:
            if self._open(path, "en"):
                self._read(path)

    def _open(self, path: str, language: str) -> bool:
        answer = self.page.goto(path)
        if answer is None or answer.status != 200 or "text/html" not in answer.headers.get("content-type", ""):
            return False
        self._judge(path, language)
        return True

    def look(self, path: str, language: str, ready: str) -> None:
        """One page that draws itself; ``ready`` is there when it has."""
        self.page.goto(path)
        self.page.locator(ready).wait_for()
        self._judge(path, language)
        if language == "en":
            self._read(path)

    def _judge(self, path: str, language: str) -> None:
        part = "#do" if "?do=" in path else "html"  # the page around a form has been judged without it
        for size, (width, height) in SIZES.items():
            self.page.set_viewport_size({"width": width, "height": height})
            where = f"{path} {language} {size}"
            if language == "zh" or size == "phone":  # in English once is enough: where words have least room
                self.found += [f"{where}: {one}" for one in self.axe(self.page, part)]
            if (over := self.page.evaluate(SIDEWAYS)) > 0:
                self.found.append(f"{where}: {over} px too wide")
        self.page.set_viewport_size(dict(zip(("width", "height"), SIZES["desk"], strict=True)))
        problems: list[str] = self.page.problems  # type: ignore[attr-defined]
        self.found += [f"{path} {language}: {one}" for one in problems]
        problems.clear()

    def _read(self, path: str) -> None:
        left = {text for text in self.page.evaluate(TEXTS) if self._untranslated(text)}
        self.found += [f"{path} en: not translated: {text[:80]}" for text in sorted(left)]

    def _untranslated(self, text: str) -> bool:
        if len(text) == 1:  # of a name, in the round picture
            return not any(word.startswith(text) for word in self.data)
        for word in self.data:
            if word in text:
                text = text.replace(word, " ")
        runs = CHINESE.findall(text.replace("简体中文", " ").replace("中文", " "))
        return (
            any(not any(run in word for word in self.data) or len(run) < 2 for run in runs)
            if "…" in text
            else bool(runs)
        )


def _data_words() -> list[str]:
    """Every Chinese text the database holds, longest first: names and what people wrote may stand on an English page."""
    words: set[str] = set()
    for model in apps.get_models():
        if not model.__module__.startswith("huying."):
            continue
        names = [
            field.name for field in model._meta.concrete_fields if isinstance(field, CharField | TextField | JSONField)
        ]
        for row in model._default_manager.values_list(*names) if names else ():
            for value in row:
                words |= _strings(value)
    return sorted((word for word in words if CHINESE.search(word)), key=len, reverse=True)


def _strings(value: object) -> set[str]:
    if isinstance(value, str):
        return {value.strip()} | {line.strip() for line in value.splitlines()}
    if isinstance(value, dict):
        return {text for one in value.values() for text in _strings(one)}
    if isinstance(value, list | tuple):
        return {text for one in value for text in _strings(one)}
    return set()


def _key(path: str) -> tuple[str, str]:
    """Addresses of the same kind of page are one."""
    parts = urlsplit(path)
    asked = parse_qs(parts.query)
    return ID.sub("#", parts.path), ",".join(asked.get("do", []) + asked.get("what", []))


def _owner(path: str) -> str:
    shape = "".join(_key(path))
    return next((role for pattern, role in OWNERS.items() if re.search(pattern, shape)), "")


def _english(page: Page, address: str) -> None:
    page.context.add_cookies([{"name": settings.LANGUAGE_COOKIE_NAME, "value": "en", "url": address}])


def _peopled(role: str, cast: Cast) -> list[str]:
    """Where else a role begins, with what stands there."""
    if role == "discipline":
        peopled.resident(cast, clock.now())
        return ["/desk/registry/log/"]
    pages = {"registry": peopled.registry_pages, "field": peopled.field_pages, "devices": peopled.device_pages}.get(
        role
    )
    return pages(cast, clock.now()) if pages else []


@pytest.mark.parametrize("role", [*STAFF, *ADDED])
def test_every_page_of_the_desk(open_page: OpenPage, axe: Axe, cast: Cast, address: str, role: str) -> None:
    more = _peopled(role, cast)
    page = open_page("", user=_user(role, cast))
    visit = Visit(page, axe, role)
    paths = visit.walk([DESK_START, *more])
    assert set(more) <= set(paths), set(more) - set(paths)
    assert paths  # some roles share all but their inbox with others
    _english(page, address)
    visit.again(paths)
    assert not visit.found, "\n".join(visit.found)


def test_every_page_of_the_portal(open_page: OpenPage, axe: Axe, cast: Cast, address: str) -> None:
    places = peopled.public_pages(clock.now())
    page = open_page("", size="phone")
    visit = Visit(page, axe, "resident")
    visit.data += [LIUAN]
    reports = Report.objects.select_related("case").filter(case__community=LIUAN).order_by("case__state", "pk")
    by_state = {report.case.state: f"/m/{report.tracking_code}" for report in reports}
    paths = visit.walk(["/", *by_state.values(), *places, "/accounts/login/", "/accounts/resident/"])
    assert len(paths) > 8
    _english(page, address)
    visit.again(paths)
    assert not visit.found, "\n".join(visit.found)


def test_every_page_of_what_is_kept_about_me(open_page: OpenPage, axe: Axe, cast: Cast, address: str) -> None:
    peopled.resident(cast, clock.now())
    page = open_page("", size="phone", user=make_resident(peopled.PHONE))
    visit = Visit(page, axe, "known_resident")
    paths = visit.walk(["/my-information", "/my-information/who-looked", "/my-information/ask"])
    _english(page, address)
    visit.again(paths)
    assert not visit.found, "\n".join(visit.found)


def test_the_first_screen_of_the_field_app(open_page: OpenPage, axe: Axe, cast: Cast) -> None:
    found = []
    for language in ("zh", "en"):  # a phone of its own for each: the app keeps its language
        page = open_page("", size="phone", language=language, user=account_of(cast.tang_grid))
        visit = Visit(page, axe, "grid_worker")
        visit.look("/field", language, ready="#pin")
        found += visit.found
    assert not found, "\n".join(found)
