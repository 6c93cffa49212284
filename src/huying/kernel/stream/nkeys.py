"""NATS keys and the tokens they sign: Ed25519 keys in base32 with a kind and a checksum, and JWTs of algorithm `ed25519-nkey`.

Follows the NATS key format (one prefix byte for a public key, two for a seed, CRC-16/XMODEM in little endian at the end)
and the NATS JWT, version 2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import struct
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ACCOUNT: Final = 0  # "A…"
USER: Final = 20 << 3  # "U…"
SERVER: Final = 13 << 3  # "N…"
_SEED: Final = 18 << 3  # "S…"
_HEADER: Final = {"typ": "JWT", "alg": "ed25519-nkey"}
_KINDS: Final = frozenset({ACCOUNT, USER, SERVER})


class NotAKey(ValueError):
    """The text is no NATS key of the kind that was expected."""


class NotAToken(ValueError):
    """The text is no NATS token, or its signature does not fit."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key that signs."""

    kind: int
    private: Ed25519PrivateKey

    @classmethod
    def create(cls, kind: int) -> KeyPair:
        return cls(kind, Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: str) -> KeyPair:
        """The key of a seed `S…`; raises `NotAKey`."""
        raw = _decoded(seed)
        if len(raw) != 34 or raw[0] & 0xF8 != _SEED:
            raise NotAKey("not a seed")
        kind = (raw[0] & 0x07) << 5 | (raw[1] & 0xF8) >> 3
        if kind not in _KINDS:
            raise NotAKey("a seed of a kind that is not used here")
        return cls(kind, Ed25519PrivateKey.from_private_bytes(raw[2:]))

    @property
    def seed(self) -> str:
        first = _SEED | self.kind >> 5
        return _encoded(bytes((first, (self.kind & 0x1F) << 3)) + self.private.private_bytes_raw())

    @property
    def public(self) -> str:
        return public_text(self.kind, self.private.public_key())

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message)


def public_text(kind: int, key: Ed25519PublicKey) -> str:
    """`A…`, `U…`, `N…`."""
    return _encoded(bytes((kind,)) + key.public_bytes_raw())


def public_key(text: str) -> Ed25519PublicKey:
    """The key in `A…`, `U…`, `N…`; raises `NotAKey`."""
    raw = _decoded(text)
    if len(raw) != 33 or raw[0] not in _KINDS:
        raise NotAKey("not a public key")
    return Ed25519PublicKey.from_public_bytes(raw[1:])


def write_token(key: KeyPair, claims: dict[str, Any]) -> str:
    """A signed JWT; `iss` and `jti` are filled in."""
    body = {**claims, "iss": key.public}
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
    body["jti"] = base64.b32encode(digest).decode().rstrip("=")
    signed = f"{_part(_HEADER)}.{_part(body)}"
    return f"{signed}.{_plain(key.sign(signed.encode()))}"


def read_token(text: str) -> dict[str, Any]:
    """The claims of a JWT whose signature fits its own `iss`; raises `NotAToken`."""
    try:
        header, body, signature = text.split(".")
        claims = json.loads(_unplain(body))
        if json.loads(_unplain(header)).get("alg") != _HEADER["alg"] or not isinstance(claims, dict):
            raise NotAToken("not a NATS token")
        public_key(str(claims["iss"])).verify(_unplain(signature), f"{header}.{body}".encode())
    except InvalidSignature as error:
        raise NotAToken("the signature does not fit") from error
    except (ValueError, KeyError, AttributeError) as error:
        raise error if isinstance(error, NotAToken) else NotAToken("not a NATS token") from error
    return claims


def _part(value: dict[str, Any]) -> str:
    return _plain(json.dumps(value, separators=(",", ":")).encode())


def _plain(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _unplain(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(raw: bytes) -> str:
    whole = raw + struct.pack("<H", binascii.crc_hqx(raw, 0))
    return base64.b32encode(whole).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        whole = base64.b32decode(text + "=" * (-len(text) % 8))
        raw, check = whole[:-2], struct.unpack("<H", whole[-2:])[0]
    except (ValueError, struct.error) as error:
        raise NotAKey("not a key") from error
    if binascii.crc_hqx(raw, 0) != check:
        raise NotAKey("the checksum does not fit")
    return raw
