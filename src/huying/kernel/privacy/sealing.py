"""Sealing: personal values encrypted at rest, and blind indexes to find them again.

AES-256-GCM with keys derived (HKDF-SHA-256) from the instance secret. A sealed value is ``01`` (format), four bytes
naming the key, a 12-byte nonce, then ciphertext and tag. After a change of secret, values sealed before can still be
read while the old secret stands in ``HUYING_SECRET_FALLBACKS``.
"""

from __future__ import annotations

import hmac
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_FORMAT: Final = b"\x01"
_NONCE: Final = 12
_HEADER: Final = 5


class Unsealable(Exception):
    """The value is not sealed by a key of this instance, or it is damaged."""


@dataclass(frozen=True, slots=True)
class _Keys:
    name: bytes
    cipher: AESGCM
    blind: bytes


def seal(value: str) -> bytes:
    """Encrypt a text. Two sealings of the same text differ; use ``blind`` to search."""
    return seal_bytes(value.encode())


def seal_bytes(value: bytes) -> bytes:
    """Encrypt bytes, such as a file; up to 2 GB."""
    keys = _current()
    nonce = os.urandom(_NONCE)
    return _FORMAT + keys.name + nonce + keys.cipher.encrypt(nonce, value, _FORMAT + keys.name)


def seal_many(values: Iterable[str]) -> list[bytes]:
    """``seal`` for many texts."""
    return [seal(value) for value in values]


def unseal(sealed: bytes | memoryview) -> str:
    """Decrypt a sealed text; raises Unsealable when it is damaged or of another instance."""
    return unseal_bytes(sealed).decode()


def unseal_bytes(sealed: bytes | memoryview) -> bytes:
    """Decrypt what ``seal_bytes`` sealed; raises Unsealable when it is damaged or of another instance."""
    data = bytes(sealed)
    for keys in _all():
        if data[:_HEADER] == _FORMAT + keys.name:
            try:
                return keys.cipher.decrypt(data[_HEADER : _HEADER + _NONCE], data[_HEADER + _NONCE :], data[:_HEADER])
            except (InvalidTag, ValueError) as error:
                raise Unsealable("the sealed value is damaged") from error
    raise Unsealable("the value was sealed with a secret this instance does not have")


def blind(value: str) -> bytes:
    """A 32-byte keyed fingerprint for exact search: equal values give equal fingerprints on this instance only.

    Width, spaces, hyphens and letter case do not matter, so ``138-0013 8000`` finds ``13800138000``.
    """
    return _blind(_current(), value)


def blind_candidates(value: str) -> list[bytes]:
    """Fingerprints under the current and every earlier secret, for look-ups while a change of secret is under way."""
    return [_blind(keys, value) for keys in _all()]


def _blind(keys: _Keys, value: str) -> bytes:
    plain = unicodedata.normalize("NFKC", value).casefold()
    compact = "".join(sign for sign in plain if not sign.isspace() and sign != "-")
    return hmac.digest(keys.blind, compact.encode(), "sha256")


def _current() -> _Keys:
    return _derived(_secret())


def _all() -> list[_Keys]:
    return [_derived(secret) for secret in (_secret(), *getattr(settings, "HUYING_SECRET_FALLBACKS", ()))]


def _secret() -> str:
    secret = getattr(settings, "HUYING_SECRET", "")
    if not secret:
        raise ImproperlyConfigured("HUYING_SECRET is not set; put a long random text into the data directory.")
    return str(secret)


@lru_cache(maxsize=8)
def _derived(secret: str) -> _Keys:
    def derive(purpose: str) -> bytes:
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())

    seal_key = derive("huying/seal/1")
    return _Keys(sha256(seal_key).digest()[:4], AESGCM(seal_key), derive("huying/blind/1"))
