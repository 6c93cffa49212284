"""Properties of the pure part: hashes, commitments, the tree, and the checker of exported files."""

from __future__ import annotations

import base64
import copy
import json
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from huying.kernel.trace.checkpoints import BLOCK, tree_over
from huying.kernel.trace.offline import (
    EXPORT_FORMAT,
    GENESIS,
    check,
    commitment,
    entry_hash,
    key_id,
    leaf_hash,
    load_public_keys,
    path_of,
    root_from_path,
    root_of,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {key_id(KEY.public_key()): KEY.public_key()}
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))


def a_document(n: int, salt: bytes = b"s" * 16) -> dict[str, Any]:
    """A chain of ``n`` entries, each with one private value, covered by one checkpoint among other chains."""
    entries: list[dict[str, Any]] = []
    private: list[dict[str, Any]] = []
    prev = GENESIS
    for seq in range(1, n + 1):
        commitments = json.dumps({"phone": commitment(salt, "phone", f"1380000{seq:04}").hex()}, separators=(",", ":"))
        content = ("2026-03-02T01:30:00.123456Z", "person:12", "张建国", 7, "case.noted", f'{{"n":{seq}}}', commitments)
        digest = entry_hash(prev, "case:5", seq, *content)
        names = ("at", "actor_ref", "actor_name", "actor_unit", "verb", "body", "commitments")
        entries.append({"seq": seq, "prev": prev.hex(), "hash": digest.hex(), **dict(zip(names, content, strict=True))})
        private.append({"seq": seq, "label": "phone", "salt": salt.hex(), "value": f"1380000{seq:04}"})
        prev = digest
    leaves = [leaf_hash("case:1", 3, b"a" * 32), leaf_hash("case:5", n, prev), leaf_hash("case:9", 1, b"b" * 32)]
    statement = json.dumps(
        {
            "format": "huying-checkpoint/1",
            "number": 1,
            "day": "2026-03-02",
            "leaves": 3,
            "root": root_of(leaves).hex(),
            "key": key_id(KEY.public_key()),
        }
    )
    proof = {
        "statement": statement,
        "signature": base64.b64encode(KEY.sign(statement.encode())).decode(),
        "seq": n,
        "position": 1,
        "path": [step.hex() for step in path_of(leaves, 1)],
    }
    return {"format": EXPORT_FORMAT, "chain": "case:5", "entries": entries, "private": private, "checkpoints": [proof]}


@given(st.integers(1, 12), st.binary(min_size=8, max_size=32))
def test_an_honest_file_is_intact_with_and_without_private_values(n: int, salt: bytes) -> None:
    document = a_document(n, salt)
    verdict = check(document, KEYS)
    assert verdict.problems == []
    assert (verdict.entries, verdict.covered, verdict.disclosed, verdict.withheld) == (n, n, n, 0)
    document["private"] = []
    verdict = check(document, KEYS)
    assert verdict.ok
    assert verdict.withheld == n


@given(st.integers(2, 8), st.data())
def test_any_changed_field_is_found_and_named(n: int, data: st.DataObject) -> None:
    document = a_document(n)
    index = data.draw(st.integers(0, n - 1))
    field = data.draw(st.sampled_from(["at", "actor_ref", "actor_name", "actor_unit", "verb", "body", "commitments"]))
    entry = document["entries"][index]
    entry[field] = 8 if field == "actor_unit" else '{"phone":"00"}' if field == "commitments" else entry[field] + "x"
    verdict = check(document, KEYS)
    assert f"entry {index + 1} is altered: its hash does not fit its content" in verdict.problems


@given(st.integers(2, 8), st.data())
def test_removing_or_swapping_is_found(n: int, data: st.DataObject) -> None:
    document = a_document(n)
    entries = document["entries"]
    index = data.draw(st.integers(0, n - 2))
    if data.draw(st.booleans()):
        entries[index], entries[index + 1] = entries[index + 1], entries[index]
    else:
        del entries[index]
    assert not check(document, KEYS).ok


@given(st.integers(1, 8), st.data())
def test_rewriting_the_rest_of_the_chain_is_found_by_the_checkpoint(n: int, data: st.DataObject) -> None:
    document = a_document(n)
    start = data.draw(st.integers(0, n - 1))
    prev = bytes.fromhex(document["entries"][start]["prev"])
    document["entries"][start]["body"] = '{"n":0}'
    for entry in document["entries"][start:]:
        content = (entry[k] for k in ("at", "actor_ref", "actor_name", "actor_unit", "verb", "body", "commitments"))
        entry["prev"] = prev.hex()
        prev = entry_hash(prev, "case:5", entry["seq"], *content)
        entry["hash"] = prev.hex()
    assert check(document, KEYS).problems == [
        f"checkpoint 1 of 2026-03-02 does not contain entry {n} as it stands here"
    ]


def test_a_cut_tail_is_found_because_the_checkpoint_covers_it() -> None:
    document = a_document(4)
    del document["entries"][3]
    assert "checkpoint 1 of 2026-03-02 covers entry 4, which is missing" in check(document, KEYS).problems


def test_signatures_of_strangers_and_changed_statements_are_refused() -> None:
    document = a_document(3)
    proof = document["checkpoints"][0]
    forged = copy.deepcopy(document)
    forged["checkpoints"][0]["signature"] = base64.b64encode(OTHER.sign(proof["statement"].encode())).decode()
    assert check(forged, KEYS).problems == ["checkpoint 1 of 2026-03-02 is not signed by a key you trust"]
    changed = copy.deepcopy(document)
    changed["checkpoints"][0]["statement"] = proof["statement"].replace("2026-03-02", "2026-03-03")
    assert not check(changed, KEYS).ok
    assert not check(document, {}).ok


def test_a_wrong_private_value_is_refused() -> None:
    document = a_document(2)
    document["private"][1]["value"] = "13900000000"
    assert check(document, KEYS).problems == ["the value 'phone' of entry 2 is not the one committed to"]


@pytest.mark.parametrize(
    "document", [{}, {"format": EXPORT_FORMAT}, {"format": EXPORT_FORMAT, "chain": "x", "entries": 3}]
)
def test_malformed_files_are_refused_calmly(document: dict[str, Any]) -> None:
    assert not check(document, KEYS).ok


@given(st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=40), st.data())
def test_every_leaf_has_a_path_and_no_other_leaf_fits_it(contents: list[bytes], data: st.DataObject) -> None:
    leaves = [sha256(content).digest() for content in contents]
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = path_of(leaves, index)
    assert root_from_path(leaves[index], index, len(leaves), path) == root_of(leaves)
    assert root_from_path(sha256(b"other").digest(), index, len(leaves), path) != root_of(leaves)
    assert root_from_path(leaves[index], index, len(leaves), [*path, b"x" * 32]) is None
    assert root_from_path(leaves[index], len(leaves), len(leaves), path) is None


@settings(max_examples=15)
@given(st.integers(0, 3 * BLOCK + 5))
def test_folding_by_blocks_gives_the_same_root(n: int) -> None:
    leaves = [n.to_bytes(32, "big") for n in range(n)]
    assert tree_over(iter(leaves)).root == root_of(leaves)


texts = st.text(max_size=6)
entries = st.tuples(texts, st.integers(1, 99), texts, texts, texts, st.none() | st.integers(0, 99), texts, texts, texts)


@given(entries, entries)
def test_different_entries_never_share_an_encoding(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    assert (entry_hash(GENESIS, *one) == entry_hash(GENESIS, *other)) == (one == other)


def test_the_documented_example() -> None:
    """The worked example of docs/reference/trace-format.md."""
    digest = entry_hash(
        GENESIS,
        "case:1",
        1,
        "2026-03-02T01:30:00.123456Z",
        "person:12",
        "张建国",
        7,
        "case.opened",
        '{"item":"0101"}',
        "",
    )
    assert digest.hex() == EXAMPLE


EXAMPLE = "b33017df735ae5613ee9c87704847f6569f1db9f6bdb46802b8e6cd1a8bf760d"


def test_several_keys_in_one_file() -> None:
    pem = b"".join(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for key in (KEY, OTHER)
    )
    assert set(load_public_keys(pem)) == {key_id(KEY.public_key()), key_id(OTHER.public_key())}
    with pytest.raises(ValueError, match="no public key"):
        load_public_keys(b"nothing")
