"""What others see of the catalogue: immutable items and the whole catalogue of one day, held in memory.

``queries`` builds and caches them; nothing here touches the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext_lazy as _

from huying.casework.catalogue.limits import Stage
from huying.casework.catalogue.words import Words
from huying.kernel.errors import NotFound


@dataclass(frozen=True, slots=True)
class ItemView:
    """事项: one kind of matter, as the catalogue of its version describes it."""

    id: int
    version_number: int
    code: str
    class_code: str
    class_zh: str
    class_en: str
    name: str
    name_en: str
    level: str
    lead_trade: str
    first_trade: str
    co_trades: tuple[str, ...]
    respond: tuple[Stage, ...]
    close: tuple[Stage, ...]
    conditions: str
    needs_photo_min: int
    allowed_channels: tuple[str, ...]  # empty: every channel
    public_visible: bool
    sensitive: bool
    self_handle_allowed: bool
    auto_dispatch: bool
    emergency_line: str
    dup_radius_m: int
    dup_window_h: int
    can_suspend: bool
    max_extensions: int
    law_basis: str = ""
    source: str = ""
    source_note: str = ""
    phrases: tuple[str, ...] = ()
    retired: bool = False

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return str(Words(self.name, self.name_en or self.name))

    @property
    def class_label(self) -> str:
        """The name of the class in the reader's language."""
        return str(Words(self.class_zh, self.class_en or self.class_zh))

    def allows(self, channel: str) -> bool:
        """Whether a matter of this kind may be raised through the channel."""
        return not self.allowed_channels or channel in self.allowed_channels


@dataclass(frozen=True, slots=True)
class ClassView:
    """大类: a class of items."""

    code: str
    zh: str
    en: str
    items: tuple[ItemView, ...]

    @property
    def label(self) -> str:
        """The name in the reader's language."""
        return str(Words(self.zh, self.en or self.zh))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The catalogue valid on a day. ``items`` are those in use, by code; retired ones are not among them."""

    version_id: int
    version_number: int
    valid_from: date | None
    items: tuple[ItemView, ...]
    classes: tuple[ClassView, ...]
    _by_code: Mapping[str, ItemView] = field(repr=False, compare=False, hash=False)

    def __hash__(self) -> int:
        return hash((self.version_id, self.version_number, len(self.items)))

    def item(self, code: str) -> ItemView:
        """The item with this code. NotFound when the catalogue of the day has none, or has retired it."""
        found = self._by_code.get(code)
        if found is None:
            raise NotFound(_("目录里没有编码为“%(code)s”的事项") % {"code": code}, hint=_("请查看现行事项目录"))
        return found

    def get(self, code: str) -> ItemView | None:
        """The item with this code, or None."""
        return self._by_code.get(code)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code


def build(version_id: int, number: int, valid_from: date | None, items: Sequence[ItemView]) -> Catalogue:
    """A catalogue over the items of one version."""
    used = tuple(sorted((item for item in items if not item.retired), key=lambda item: item.code))
    groups: dict[str, list[ItemView]] = {}
    for item in used:
        groups.setdefault(item.class_code, []).append(item)
    classes = tuple(
        ClassView(code, group[0].class_zh, group[0].class_en, tuple(group)) for code, group in sorted(groups.items())
    )
    return Catalogue(version_id, number, valid_from, used, classes, {item.code: item for item in used})
