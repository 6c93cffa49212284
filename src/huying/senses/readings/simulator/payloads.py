"""What a reading looks like on the wire: our own form, lists, and the forms of other makers by a kind's own mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from huying.senses.devices.kinds import Kind

from .figures import Value

FORMS: Final = ("own", "iso", "list", "tuya", "thing_model")


def encode(kind: Kind, form: str, at: float, seq: int, values: Mapping[str, Value]) -> bytes:
    """One reading in a form; a form the kind has no mapping for is said in our own. ``at``: the device's own clock."""
    if form in ("tuya", "thing_model") and form in kind.payloads:
        return _foreign(kind, form, at, seq, values)
    stamp: Any = datetime.fromtimestamp(at, UTC).isoformat() if form == "iso" else round(at * 1000)
    one = {"ts": stamp, "seq": seq, "v": values}
    return orjson.dumps([one] if form == "list" else one)


def encode_batch(gateway: str, told: Sequence[tuple[str, bytes]]) -> bytes:
    """What a gateway sends for its devices: (code, reading in our own form) each."""
    devices: dict[str, list[bytes]] = {}
    for code, body in told:
        devices.setdefault(code, []).append(body)
    parts = [{"code": code, "readings": [orjson.Fragment(body) for body in bodies]} for code, bodies in devices.items()]
    return orjson.dumps({"gateway": gateway, "devices": parts})


def _foreign(kind: Kind, form: str, at: float, seq: int, values: Mapping[str, Value]) -> bytes:
    """The mapping read backwards; what it does not name is left out, as that maker's device would."""
    told: dict[str, Any] = {}
    for name, source in kind.payloads[form].items():
        if source.to not in values or any(source.to == kind.payloads[form][other].to for other in told):
            continue
        value: Any = values[source.to]
        if source.values:
            value = next((word for word, means in source.values.items() if means == value), value)
        elif (source.scale, source.offset) != (1.0, 0.0) and type(value) in (int, float):
            value = round((value - source.offset) / source.scale)
        told[name] = value
    stamp = round(at * 1000)
    if form == "tuya":
        return orjson.dumps(
            {"seq": seq, "t": stamp, "status": [{"code": name, "value": one} for name, one in told.items()]}
        )
    body = {"id": str(seq), "version": "1.0", "method": "thing.event.property.post", "timestamp": stamp, "params": told}
    return orjson.dumps(body)
