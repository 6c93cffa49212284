"""What may stand once only and stands already: the home somebody lives in, their entry on a care list."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from huying.ground.registry.models import CareEntry, Record, Residence, Resident
from huying.kernel.errors import Refused

from .changing import change
from .writing import Author

Place = tuple[str, str]  # (what, whose): "lives" or a care list, and the uid of a resident


def place_of(kind: str, values: Mapping[str, Any]) -> Place | None:
    """What a record with these values would take up, None when any number of them may stand."""
    if values.get("ending") or not values.get("resident"):
        return None
    if kind == "residence" and values.get("kind") == "lives" and not values.get("until"):
        return "lives", values["resident"]
    return (values["list"], values["resident"]) if kind == "care" and values.get("list") else None


def standing(kind: str, places: Collection[Place]) -> dict[Place, Record | None]:
    """What takes each of these up now, None where nothing does. At most one query."""
    found: dict[Place, Record | None] = dict.fromkeys(places)
    whose = {resident for _what, resident in places}
    rows: list[Any] = []
    if whose and kind == "residence":
        rows = list(Residence.objects.filter(resident__uid__in=whose, kind="lives", until=None, state="active"))
    elif whose and kind == "care":
        lists = {what for what, _whose in places}
        rows = list(CareEntry.objects.filter(resident__uid__in=whose, list__in=lists, state="active"))
    for row in rows:
        place = (row.list if isinstance(row, CareEntry) else "lives", str(row.resident_id))
        if place in found:
            found[place] = row
    return found


def is_about(found: Record, values: Mapping[str, Any]) -> bool:
    """Whether a row says something of what stands, not of another home."""
    return not isinstance(found, Residence) or values.get("premises") in (None, str(found.premises_id))


def refuse_outdated(found: Record, values: Mapping[str, Any], today: str) -> None:
    """Refused when what stands is later than what a row says; a table may be older than what was entered since."""
    since, until = values.get("since") or "", values.get("until") or ""
    if isinstance(found, CareEntry):
        earlier = since and until and since < found.since.isoformat() and until <= found.until.isoformat()
        if earlier and found.state == "active":
            raise Refused(_("这份名单上已有此人更晚的一条"), code="newer_entry", field="since")
    elif isinstance(found, Residence) and found.since is not None and _is_home(found):
        if not is_about(found, values) and (since or today) < found.since.isoformat():
            raise Refused(_("此人已有更晚开始的现住址"), code="newer_home", field="since")
        if is_about(found, values) and since > found.since.isoformat():
            raise Refused(_("此人登记住在这里的日期更早"), code="home_earlier", field="since")


def _is_home(found: Residence) -> bool:
    return found.kind == "lives" and found.until is None and found.state == "active"


def settle_homes(rows: Sequence[Any], author: Author) -> None:
    """Imported homes: whoever lives there now has it as home. One query, and what a change takes for each who moves."""
    homes = {row.resident_id: row.premises_id for row in rows if isinstance(row, Residence) and _is_home(row)}
    for person in Resident.objects.filter(uid__in=homes).only("uid", "version", "home"):
        if person.home_id != homes[person.uid]:
            change(
                actor=author.actor, now=author.now, kind="person", uid=person.uid, base=person.version,
                changes={"home": str(homes[person.uid])}, source=author.source,
            )  # fmt: skip
