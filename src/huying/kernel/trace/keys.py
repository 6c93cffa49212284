"""The Ed25519 key that signs checkpoints: ``trace.key`` in the data directory, or HUYING_TRACE_KEY (PEM or a path)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from django.conf import settings

from huying.kernel.trace.offline import load_public_keys

PRIVATE_NAME: Final = "trace.key"
PUBLIC_NAME: Final = "trace.pub"


class KeyMissing(Exception):
    """There is no usable key; the text says where it was looked for."""


def load_private_key() -> Ed25519PrivateKey:
    """The signing key; raises KeyMissing."""
    given = _given()
    if given.lstrip().startswith("-----BEGIN"):
        return _parsed(given.encode(), "HUYING_TRACE_KEY")
    path = Path(given) if given else data_dir() / PRIVATE_NAME
    try:
        return _parsed(path.read_bytes(), str(path))
    except OSError as error:
        raise KeyMissing(f"{path} cannot be read") from error


def ensure_private_key() -> Ed25519PrivateKey:
    """The signing key, created in the data directory (mode 600) with its public half beside it if there is none."""
    try:
        return load_private_key()
    except KeyMissing:
        path = data_dir() / PRIVATE_NAME
        if path.exists() or _given():
            raise
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return load_private_key()
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _publish(key.public_key())
    return key


def public_pem() -> bytes:
    """The public keys to give away: every key in ``trace.pub`` and the current one."""
    current = load_private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path = data_dir() / PUBLIC_NAME
    known = path.read_bytes() if path.exists() else b""
    return known if current.strip() in known else known + current


def trusted_keys(pem: bytes | None = None) -> dict[str, Ed25519PublicKey]:
    """Public keys by id: those of the given PEM text, else the instance's own."""
    return load_public_keys(public_pem() if pem is None else pem)


def data_dir() -> Path:
    """Where the instance keeps its keys."""
    return Path(settings.HUYING_DATA_DIR)


def _publish(key: Ed25519PublicKey) -> None:
    """Add the key to ``trace.pub``; earlier keys stay, so that earlier checkpoints can be checked."""
    path = data_dir() / PUBLIC_NAME
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    known = path.read_bytes() if path.exists() else b""
    if pem.strip() not in known:
        path.write_bytes(known + pem)


def _parsed(pem: bytes, where: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise KeyMissing(f"{where} is not a private key in PEM form") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyMissing(f"{where} is not an Ed25519 key")
    return key


def _given() -> str:
    """A key, or a path to one, set by the operator."""
    return str(getattr(settings, "HUYING_TRACE_KEY", "") or os.environ.get("HUYING_TRACE_KEY") or "")
