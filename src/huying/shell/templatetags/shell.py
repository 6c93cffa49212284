"""One library for every page: ``{% load shell %}``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from huying.shell import assets, navigation, panels, place, words

register = template.Library()

LIGHTS = {
    "none": (_("正常"), "circle"),
    "blue": (_("蓝色提醒"), "circle"),
    "yellow": (_("黄色预警"), "triangle"),
    "red": (_("红色超期"), "square"),
    "black": (_("黑色严重超期"), "diamond"),
}


# Kept in tables by the program, in the language of the place.
OWN_WORDS = {words: words for words in (gettext_noop("系统"), gettext_noop("随程序提供的事项目录"))}


@register.simple_tag
def asset(name: str) -> str:
    """Address of a built file: ``{% asset 'main.ts' %}``."""
    return assets.asset_url(name)


@register.simple_tag
def icon(name: str, style: str = "", label: str = "") -> SafeString:
    """An icon of the sprite; silent to screen readers unless it carries a label."""
    classes = f"icon {style}".strip()
    url = assets.asset_url("icons.svg")
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}#{}"></use></svg>', classes, label, url, name
        )
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', classes, url, name)


@register.simple_tag
def light(state: str, label: str = "") -> SafeString:
    """A warning light: colour, shape and word. ``state`` is none, blue, yellow, red or black."""
    word, shape = LIGHTS.get(state, LIGHTS["none"])
    state = state if state in LIGHTS else "none"
    return format_html('<span class="light light--{}">{}<span>{}</span></span>', state, icon(shape), label or word)


@register.simple_tag(takes_context=True, name="panels")
def panels_of(context: Context, page: str, slot: str, subject: Any = None) -> SafeString:
    """Everything upper rooms hang here: ``{% panels 'case' 'main' case %}``."""
    return panels.render(context["request"], page, slot, subject)


@register.simple_tag(takes_context=True)
def navigation_entries(context: Context, where: str) -> list[navigation.Shown]:
    """``{% navigation_entries 'desk' as entries %}``."""
    return navigation.entries(context["request"], where) if "request" in context else []


@register.simple_tag(takes_context=True)
def desk_home(context: Context) -> str:
    """Address of the page the reader's work begins with: ``{% desk_home %}``."""
    actor = getattr(context.get("request"), "actor", None)
    return navigation.first_page({duty.role for duty in getattr(actor, "duties", ())}, settings.LOGIN_REDIRECT_URL)


@register.simple_tag
def search_target() -> navigation.SearchTarget | None:
    """``{% search_target as search %}``."""
    return navigation.search_target()


@register.simple_tag
def url_or_nothing(url_name: str) -> str:
    """Address of a url name, or "" while no room serves it."""
    return navigation.url_of(url_name)


@register.simple_tag(takes_context=True)
def place_name(context: Context) -> Any:
    """Name of the place this installation serves."""
    return place.name(context["request"]) if "request" in context else place.name(None)


@register.simple_tag(takes_context=True)
def elder(context: Context) -> bool:
    """Whether the reader asked for elder mode."""
    return "request" in context and place.is_elder(context["request"])


@register.simple_tag(takes_context=True)
def html_attributes(context: Context) -> SafeString:
    """Language, elder mode and theme of the <html> element."""
    language = "en" if (get_language() or "").startswith("en") else "zh-Hans"
    mode = "elder" if elder(context) else "normal"
    return format_html('lang="{}" data-mode="{}" data-theme="{}"', language, mode, context.get("theme") or "light")


@register.simple_tag(takes_context=True)
def query(context: Context, kept: Mapping[str, Any] | str = "", /, **changes: Any) -> str:
    """The present address with some parameters changed; None removes one: ``{% query state='open' cursor=None %}``.

    ``kept``: what the page chose by itself and the next address has to name, as a mapping.
    """
    if isinstance(kept, Mapping):
        changes = {**kept, **changes}
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}"


def _time(value: datetime, said: str) -> SafeString:
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), words.full_words(value), said)


@register.filter
def ago(value: datetime | None, now: datetime | None = None) -> SafeString | str:
    """``{{ case.opened_at|ago }}`` → 5 分钟前."""
    return _time(value, words.ago_words(value, now or timezone.now())) if value else ""


@register.filter
def when(value: datetime | None, now: datetime | None = None) -> SafeString | str:
    """``{{ case.opened_at|when }}`` → 今天 14:30."""
    return _time(value, words.moment_words(value, now or timezone.now())) if value else ""


@register.filter
def until(value: datetime | None, now: datetime | None = None) -> SafeString | str:
    """``{{ clock.due_at|until }}`` → 还剩 2 小时 / 已超 1 天."""
    return _time(value, words.until_words(value, now or timezone.now())) if value else ""


@register.filter
def duration(value: timedelta | float | None) -> str:
    """``{{ span|duration }}`` → 2 天 3 小时; a bare number counts minutes."""
    if value is None:
        return ""
    return words.duration_words(value if isinstance(value, timedelta) else timedelta(minutes=value))


@register.filter
def said(text: object) -> str:
    """``{{ one.by_name|said }}``: words the program itself wrote down, such as 系统 for whoever did it, in the reader's language.

    What people wrote stays as it is.
    """
    return gettext(OWN_WORDS[str(text)]) if str(text) in OWN_WORDS else str(text)


@register.filter
def initial(name: str) -> str:
    """What stands in the avatar: the family name's first character."""
    return str(name).strip()[:1].upper() or "·"


@register.filter
def unlocalized(value: object) -> str:
    """A number as machines write it, whatever the reader's language."""
    return str(value)


@register.simple_tag
def tianditu_key() -> str:
    """Key of the 天地图 raster service; "" draws the map from our own shapes only."""
    return str(getattr(settings, "HUYING_TIANDITU_KEY", ""))
