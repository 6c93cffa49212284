"""The catalogue's cast for tests: an editor, somebody who reads, a resident, a system with a key."""

from __future__ import annotations

from datetime import UTC, date, datetime

from huying.casework.catalogue import actions
from huying.casework.catalogue.models import CatalogueVersion
from huying.kernel.actor import SYSTEM, Actor, Duty

NOW = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)  # Tuesday 09:00 in Shanghai
TODAY = date(2026, 3, 10)
SINCE = date(2025, 1, 1)

EDITOR = Actor("staff", "person:1", "钟编目", 1, 1, (Duty("catalogue_editor", "990101", 1, "/1/"),))
OTHER_EDITOR = Actor("staff", "person:2", "罗编目", 1, 2, (Duty("catalogue_editor", "990101", 1, "/1/"),))
DISPATCHER = Actor("staff", "person:3", "李分拨", 1, 3, (Duty("dispatcher", "990101", 1, "/1/"),))
WITHOUT_DUTY = Actor("staff", "user:4", "无岗")
RESIDENT = Actor("resident", "user:5", "居民")
ANONYMOUS = Actor("resident", "anonymous", "匿名")
READING_KEY = Actor("key", "key:6", "外部系统", None, None, (Duty("scope:catalogue:read"),))
OTHER_KEY = Actor("key", "key:7", "外部系统", None, None, (Duty("scope:reports:write"),))
STRANGERS = (WITHOUT_DUTY, RESIDENT, ANONYMOUS, OTHER_KEY)


def publish_seed(*, valid_from: date = SINCE) -> CatalogueVersion:
    """The catalogue shipped with the program, in force."""
    return actions.import_seed(actor=SYSTEM, now=NOW, valid_from=valid_from)


def begin_draft() -> CatalogueVersion:
    """A draft of the editor over the published seed."""
    publish_seed()
    return actions.draft_from_current(actor=EDITOR, now=NOW)
