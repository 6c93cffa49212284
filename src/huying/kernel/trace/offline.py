"""Check an exported trace with nothing but the file and the public key.

This file stands alone: it needs Python ≥3.11 and the ``cryptography`` package, not Huying, Django or a database.
Copy it anywhere and run ``python offline.py FILE --key KEYFILE``. The format is described in
docs/reference/trace-format.md; the same functions build the chain inside Huying, so there is one definition.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

CHECKPOINT_FORMAT = "huying-checkpoint/1"
EXPORT_FORMAT = "huying-trace-export/1"
GENESIS = bytes(32)
_PEM_END = b"-----END PUBLIC KEY-----"


# --- one entry -------------------------------------------------------------------------------------------------------


def entry_hash(
    prev: bytes,
    chain: str,
    seq: int,
    at: str,
    actor_ref: str,
    actor_name: str,
    actor_unit: int | None,
    verb: str,
    body: str,
    commitments: str,
) -> bytes:
    """SHA-256 over the format name and the ten fields, each written as ``length:bytes,`` (a netstring).

    ``at`` is the moment in UTC with microseconds and ``Z``; an absent unit is the empty string.
    """
    unit = b"" if actor_unit is None else b"%d" % actor_unit
    c, n, t, r = chain.encode(), b"%d" % seq, at.encode(), actor_ref.encode()
    m, v, b, p = actor_name.encode(), verb.encode(), body.encode(), commitments.encode()
    return sha256(
        b"14:huying-entry/1,%d:%b,%d:%b,%d:%b,%d:%b,%d:%b,%d:%b,%d:%b,%d:%b,%d:%b,%d:%b,"
        % (
            *(len(prev), prev, len(c), c, len(n), n, len(t), t, len(r), r),
            *(len(m), m, len(unit), unit, len(v), v, len(b), b, len(p), p),
        )
    ).digest()


def commitment(salt: bytes, label: str, value: str) -> bytes:
    """SHA-256 over salt, label and value as netstrings. Without the salt the value cannot be guessed from it."""
    name, content = label.encode(), value.encode()
    return sha256(b"%d:%b,%d:%b,%d:%b," % (len(salt), salt, len(name), name, len(content), content)).digest()


# --- the tree (RFC 6962, section 2.1) --------------------------------------------------------------------------------


def leaf_hash(chain: str, seq: int, head: bytes) -> bytes:
    """The hash of one leaf: 0x00, then chain, sequence number and head hash as netstrings."""
    name, number = chain.encode(), b"%d" % seq
    return sha256(b"\x00%d:%b,%d:%b,32:%b," % (len(name), name, len(number), number, head)).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node: 0x01, left, right."""
    return sha256(b"\x01" + left + right).digest()


def level_up(hashes: Sequence[bytes]) -> list[bytes]:
    """The next level of the tree; an odd last hash is carried up unchanged."""
    paired = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes) - 1, 2)]
    return paired if len(hashes) % 2 == 0 else [*paired, hashes[-1]]


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; that of no leaves is the hash of nothing."""
    if not hashes:
        return sha256(b"").digest()
    level = list(hashes)
    while len(level) > 1:
        level = level_up(level)
    return level[0]


def path_of(hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The neighbours needed to climb from leaf ``index`` to the root, lowest first."""
    path: list[bytes] = []
    level = list(hashes)
    while len(level) > 1:
        neighbour = index ^ 1
        if neighbour < len(level):
            path.append(level[neighbour])
        level, index = level_up(level), index // 2
    return path


def root_from_path(leaf: bytes, index: int, size: int, path: Iterable[bytes]) -> bytes | None:
    """Climb from a leaf to the root of a tree of ``size`` leaves; None if the path does not fit that tree."""
    if not 0 <= index < size:
        return None
    steps = iter(path)
    current = leaf
    while size > 1:
        if index ^ 1 < size:
            neighbour = next(steps, None)
            if neighbour is None:
                return None
            current = node_hash(current, neighbour) if index % 2 == 0 else node_hash(neighbour, current)
        index, size = index // 2, (size + 1) // 2
    return current if next(steps, None) is None else None


# --- keys ------------------------------------------------------------------------------------------------------------


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hex digits of SHA-256 over the raw public key."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def load_public_keys(pem: bytes) -> dict[str, Ed25519PublicKey]:
    """All Ed25519 keys of a PEM text, by key id; after a change of key the file simply holds both."""
    keys: dict[str, Ed25519PublicKey] = {}
    for block in pem.split(_PEM_END)[:-1]:
        key = load_pem_public_key(block.strip() + b"\n" + _PEM_END + b"\n")
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 public key")
        keys[key_id(key)] = key
    if not keys:
        raise ValueError("no public key in PEM form found")
    return keys


def signature_holds(keys: Mapping[str, Ed25519PublicKey], statement: str, signature: bytes) -> bool:
    """Whether a statement is signed by the key it names and we know that key."""
    try:
        key = keys[str(json.loads(statement)["key"])]
        key.verify(signature, statement.encode())
    except (KeyError, ValueError, TypeError, InvalidSignature):
        return False
    return True


# --- an exported file ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Verdict:
    """What checking a file has shown. ``problems`` is empty when all is well."""

    chain: str = ""
    entries: int = 0
    covered: int = 0
    checkpoints: list[str] = field(default_factory=list)
    disclosed: int = 0
    withheld: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


def check(document: Mapping[str, Any], keys: Mapping[str, Ed25519PublicKey]) -> Verdict:
    """Check an export: every hash and link, every disclosed value, every signature and tree path.

    ``covered`` is the last sequence number that a signed checkpoint stands for; entries after it are linked to
    the chain but not yet signed.
    """
    verdict = Verdict()
    if document.get("format") != EXPORT_FORMAT:
        verdict.problems.append(f"format is {document.get('format')!r}, expected {EXPORT_FORMAT!r}")
        return verdict
    try:
        verdict.chain = str(document["chain"])
        hashes = _check_entries(document, verdict)
        _check_private(document, verdict)
        _check_checkpoints(document, keys, hashes, verdict)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        verdict.problems.append(f"the file is malformed: {type(error).__name__}: {error}")
    return verdict


def _check_entries(document: Mapping[str, Any], verdict: Verdict) -> dict[int, bytes]:
    """Check hashes, order and links; return the recomputed hash by sequence number."""
    hashes: dict[int, bytes] = {}
    prev, expected = GENESIS, 1
    for entry in document["entries"]:
        seq = int(entry["seq"])
        if seq != expected:
            verdict.problems.append(f"entry {expected} is missing or out of order: found {seq} in its place")
        digest = entry_hash(
            bytes.fromhex(entry["prev"]),
            verdict.chain,
            seq,
            entry["at"],
            entry["actor_ref"],
            entry["actor_name"],
            entry["actor_unit"],
            entry["verb"],
            entry["body"],
            entry["commitments"],
        )
        if digest.hex() != entry["hash"]:
            verdict.problems.append(f"entry {seq} is altered: its hash does not fit its content")
        elif bytes.fromhex(entry["prev"]) != prev:
            verdict.problems.append(f"entry {seq} does not follow the entry before it")
        hashes[seq] = digest
        prev, expected = bytes.fromhex(entry["hash"]), seq + 1
        verdict.entries += 1
    if not hashes:
        verdict.problems.append("there are no entries")
    return hashes


def _check_private(document: Mapping[str, Any], verdict: Verdict) -> None:
    committed: dict[tuple[int, str], str] = {}
    for entry in document["entries"]:
        if entry["commitments"]:
            for label, digest in json.loads(entry["commitments"]).items():
                committed[int(entry["seq"]), label] = digest
    for value in document.get("private", []):
        place = int(value["seq"]), value["label"]
        digest = commitment(bytes.fromhex(value["salt"]), value["label"], value["value"])
        if committed.get(place) != digest.hex():
            verdict.problems.append(f"the value {place[1]!r} of entry {place[0]} is not the one committed to")
        verdict.disclosed += 1
    verdict.withheld = len(committed) - verdict.disclosed


def _check_checkpoints(
    document: Mapping[str, Any],
    keys: Mapping[str, Ed25519PublicKey],
    hashes: Mapping[int, bytes],
    verdict: Verdict,
) -> None:
    for item in document["checkpoints"]:
        text = item["statement"]
        statement = json.loads(text)
        name = f"checkpoint {statement['number']} of {statement['day']}"
        if statement.get("format") != CHECKPOINT_FORMAT:
            verdict.problems.append(f"{name} has an unknown format")
            continue
        if not signature_holds(keys, text, base64.b64decode(item["signature"], validate=True)):
            verdict.problems.append(f"{name} is not signed by a key you trust")
            continue
        seq = int(item["seq"])
        if seq not in hashes:
            verdict.problems.append(f"{name} covers entry {seq}, which is missing")
            continue
        leaf = leaf_hash(verdict.chain, seq, hashes[seq])
        path = [bytes.fromhex(step) for step in item["path"]]
        root = root_from_path(leaf, int(item["position"]), int(statement["leaves"]), path)
        if root is None or root.hex() != statement["root"]:
            verdict.problems.append(f"{name} does not contain entry {seq} as it stands here")
            continue
        verdict.covered = max(verdict.covered, seq)
        verdict.checkpoints.append(f"{statement['number']} ({statement['day']})")


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line of the stand-alone checker: prints the verdict, ends with 0 when all is well, else 1."""
    parser = argparse.ArgumentParser(description="Check an exported Huying trace offline.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", type=Path, required=True, help="public key(s) in PEM form")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    try:
        keys = load_public_keys(options.key.read_bytes())
        verdict = check(json.loads(options.file.read_text(encoding="utf-8")), keys)
    except (OSError, ValueError) as error:
        print(f"cannot read: {error}", file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"ok": verdict.ok, **asdict(verdict)}, ensure_ascii=False))
    else:
        for line in verdict.problems:
            print(f"WRONG  {line}")
        state = "intact" if verdict.ok else "NOT intact"
        print(
            f"{verdict.chain}: {state}; {verdict.entries} entries, signed up to {verdict.covered}, "
            f"{verdict.disclosed} private values shown, {verdict.withheld} withheld"
        )
    return 0 if verdict.ok else 1


if __name__ == "__main__":
    sys.exit(main())
