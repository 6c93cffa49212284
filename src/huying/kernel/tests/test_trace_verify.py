"""Every way of tampering with the tables is found and named."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from huying.kernel.actor import SYSTEM
from huying.kernel.errors import Forbidden, Invalid
from huying.kernel.factories import ADMIN, MOMENT, ZHANG, a_draft, checkpoint
from huying.kernel.trace import Checkpoint, Entry, Leaf, PrivateValue, erase_private, make_checkpoint, record, verify
from huying.kernel.trace.export import export
from huying.kernel.trace.keys import trusted_keys
from huying.kernel.trace.offline import check, entry_hash
from huying.kernel.trace.record import moment_text

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)
GUARDED = ("kernel_entry", "kernel_leaf", "kernel_checkpoint")


@pytest.fixture(autouse=True)
def history(settings: Any, tmp_path: Path) -> None:
    """Three chains; the first checkpoint covers all, the second the one that went on; one entry is not yet signed."""
    settings.HUYING_DATA_DIR = tmp_path
    commit(a_draft("case:1"), a_draft("case:1", "case.accepted"), a_draft("case:1", "case.assigned"))
    commit(a_draft("case:2", private={"phone": "13800138000"}), a_draft("case:2", "case.closed"))
    commit(a_draft("case:3"))
    checkpoint(actor=SYSTEM, now=MOMENT)
    commit(a_draft("case:1", "case.closed"))
    checkpoint(actor=SYSTEM, now=MOMENT + DAY)
    commit(a_draft("case:2", "case.reopened"))


@transaction.atomic
def commit(*drafts: Any) -> None:
    record(drafts)


@contextmanager
def burglar() -> Iterator[Callable[..., None]]:
    """Somebody with full rights on the database, who switches the guards off for a while."""
    with connection.cursor() as cursor:
        for table in GUARDED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        with transaction.atomic():
            yield cursor.execute
        for table in GUARDED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def found() -> list[tuple[str, str, int | None]]:
    return [(finding.kind, finding.chain, finding.seq) for finding in verify().findings]


def test_an_honest_trace_is_proved() -> None:
    proof = verify()
    assert proof.findings == []
    assert (proof.entries, proof.chains, proof.checkpoints, proof.leaves, proof.private) == (8, 3, 2, 4, 1)
    assert proof.unsigned == 1
    assert proof.last_day == "2026-03-03"


def test_checkpoints_hold_only_what_changed_yet_count_all_chains() -> None:
    statements = [json.loads(row.statement) for row in Checkpoint.objects.order_by("number")]
    assert [(s["number"], s["leaves"], s["chains"]) for s in statements] == [(1, 3, 3), (2, 1, 3)]
    assert statements[1]["previous"] == bytes(Checkpoint.objects.get(number=1).hash).hex()


def test_once_a_day_and_only_by_the_system_or_an_administrator() -> None:
    again = checkpoint(actor=ADMIN, now=MOMENT + DAY + timedelta(minutes=5))
    assert again.number == 2
    with pytest.raises(Forbidden):
        checkpoint(actor=ZHANG, now=MOMENT + 2 * DAY)
    assert Checkpoint.objects.count() == 2
    assert checkpoint(actor=SYSTEM, now=MOMENT).number == 1
    assert checkpoint(actor=SYSTEM, now=MOMENT - DAY).number == 2


def test_altered() -> None:
    with burglar() as run:
        run("UPDATE kernel_entry SET body = '{}' WHERE chain = 'case:1' AND seq = 2")
    assert found() == [("altered", "case:1", 2)]


def test_altered_with_a_fitting_hash() -> None:
    entry = Entry.objects.get(chain="case:1", seq=2)
    forge(entry, "{}")
    assert found() == [("altered", "case:1", 2)]


def test_the_last_entry_altered_with_a_fitting_hash_is_found_by_the_leaf() -> None:
    forge(Entry.objects.get(chain="case:3"), "{}")
    assert found() == [("altered", "case:3", 1)]


def forge(entry: Entry, body: str) -> None:
    digest = entry_hash(
        bytes(entry.prev), entry.chain, entry.seq, moment_text(entry.at), entry.actor_ref, entry.actor_name,
        entry.actor_unit, entry.verb, body, entry.commitments,
    )  # fmt: skip
    with burglar() as run:
        run("UPDATE kernel_entry SET body = %s, hash = %s WHERE id = %s", [body, digest, entry.pk])


def test_removed_in_the_middle() -> None:
    with burglar() as run:
        run("DELETE FROM kernel_entry WHERE chain = 'case:1' AND seq = 2")
    assert found() == [("removed", "case:1", 2)]


def test_removed_at_the_start() -> None:
    with burglar() as run:
        run("DELETE FROM kernel_entry WHERE chain = 'case:1' AND seq = 1")
    assert found() == [("removed", "case:1", 1)]


def test_removed_at_the_end() -> None:
    with burglar() as run:
        run("DELETE FROM kernel_entry WHERE chain = 'case:1' AND seq >= 3")
    finding = verify().findings[0]
    assert (finding.kind, finding.chain, finding.seq, finding.checkpoint) == ("removed", "case:1", 3, 2)
    assert "entries 3 to 4" in finding.what


@pytest.mark.parametrize("chain", ["case:1", "case:2", "case:3"])
def test_a_whole_chain_removed(chain: str) -> None:
    with burglar() as run:
        run("DELETE FROM kernel_entry WHERE chain = %s", [chain])
        run("DELETE FROM kernel_privatevalue WHERE chain = %s", [chain])
    assert found() == [("removed", chain, None)]


def test_reordered() -> None:
    with burglar() as run:
        run("UPDATE kernel_entry SET seq = 99 WHERE chain = 'case:1' AND seq = 2")
        run("UPDATE kernel_entry SET seq = 2 WHERE chain = 'case:1' AND seq = 3")
        run("UPDATE kernel_entry SET seq = 3 WHERE chain = 'case:1' AND seq = 99")
    assert found() == [("reordered", "case:1", 2), ("reordered", "case:1", 3)]
    assert "written as number 3" in verify().findings[0].what


def test_a_chain_hidden_together_with_its_leaves() -> None:
    with burglar() as run:
        run("DELETE FROM kernel_entry WHERE chain = 'case:3'")
        run("DELETE FROM kernel_leaf WHERE chain = 'case:3'")
    findings = verify().findings
    assert {finding.kind for finding in findings} == {"checkpoint"}
    assert findings[0].checkpoint == 1


def test_a_changed_leaf() -> None:
    with burglar() as run:
        run("UPDATE kernel_leaf SET seq = 2 WHERE chain = 'case:1' AND seq = 3")
    assert ("checkpoint", "", None) in found()


def test_a_statement_signed_by_a_stranger() -> None:
    row = Checkpoint.objects.get(number=2)
    forged = Ed25519PrivateKey.generate().sign(row.statement.encode())
    with burglar() as run:
        run("UPDATE kernel_checkpoint SET signature = %s WHERE number = 2", [forged])
    findings = verify().findings
    assert [(finding.kind, finding.checkpoint) for finding in findings] == [("checkpoint", 2)]
    assert "not signed by a trusted key" in findings[0].what


def test_a_missing_checkpoint() -> None:
    with burglar() as run:
        run("DELETE FROM kernel_leaf WHERE checkpoint_id = 1")
        run("DELETE FROM kernel_checkpoint WHERE number = 1")
    assert any("the checkpoint is missing" in finding.what for finding in verify().findings)


def test_history_rewritten_with_the_key_is_found_by_a_statement_kept_elsewhere() -> None:
    kept = {2: Checkpoint.objects.get(number=2).statement}
    assert verify(anchors=kept).ok
    with burglar() as run:
        run("DELETE FROM kernel_entry WHERE chain = 'case:1' AND seq = 4")
        run("DELETE FROM kernel_leaf WHERE checkpoint_id = 2")
        run("DELETE FROM kernel_checkpoint WHERE number = 2")
    assert verify().ok
    assert [finding.checkpoint for finding in verify(anchors=kept).findings] == [2]


def test_a_changed_private_value() -> None:
    with burglar() as run:
        run("UPDATE kernel_privatevalue SET salt = %s", [b"0" * 16])
    assert found() == [("private", "case:2", 1)]


def test_erasing_leaves_the_chain_valid_and_leaves_nothing_to_read() -> None:
    assert erase_private("case:2", actor=ADMIN, now=MOMENT + DAY, why="当事人要求删除") == 1
    assert PrivateValue.objects.count() == 0
    assert verify().ok
    last = Entry.objects.filter(chain="case:2").latest("seq")
    assert (last.verb, last.content["count"]) == ("private.erased", 1)
    document = export("case:2", disclose=True)
    assert document["private"] == []
    assert check(document, trusted_keys()).ok
    assert erase_private("case:2", actor=ADMIN, now=MOMENT + DAY, why="再来一次") == 0
    assert Entry.objects.filter(chain="case:2").count() == 4


def test_erasing_without_a_reason_is_refused() -> None:
    with pytest.raises(Invalid):
        erase_private("case:2", actor=ADMIN, now=MOMENT, why=" ")
    assert PrivateValue.objects.count() == 1


def test_an_export_is_checked_with_the_public_key_only() -> None:
    document = json.loads(json.dumps(export("case:1")))
    verdict = check(document, trusted_keys())
    assert verdict.problems == []
    assert (verdict.entries, verdict.covered, len(verdict.checkpoints)) == (4, 4, 2)
    document["entries"][1]["body"] = "{}"
    assert not check(document, trusted_keys()).ok


def test_disclosure_is_a_choice() -> None:
    assert export("case:2")["private"] == []
    assert export("case:2", disclose=["name"])["private"] == []
    opened = export("case:2", disclose=["phone"])
    assert opened["private"][0]["value"] == "13800138000"
    assert check(opened, trusted_keys()).disclosed == 1
    assert base64.b64decode(opened["checkpoints"][0]["signature"])


def test_a_transaction_that_commits_late_is_covered_by_the_next_checkpoint() -> None:
    written, signed = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            record([a_draft("case:late")])
            written.set()
            signed.wait(20)
        connection.close()

    thread = threading.Thread(target=slow_writer)
    thread.start()
    written.wait(20)
    commit(a_draft("case:quick"))
    during = make_checkpoint(actor=SYSTEM, now=MOMENT + 2 * DAY)
    signed.set()
    thread.join(20)
    after = checkpoint(actor=SYSTEM, now=MOMENT + 3 * DAY)
    assert "case:late" not in leaves(during)
    assert "case:late" in leaves(after)
    assert {"case:quick", "case:2"} <= leaves(during) | leaves(after)
    proof = verify()
    assert proof.ok
    assert proof.unsigned == 0


def test_after_a_move_to_another_cluster_nothing_is_skipped() -> None:
    with burglar() as run:
        run("UPDATE kernel_checkpoint SET cluster = 'old', horizon = 99999999999 WHERE number = 2")
    commit(a_draft("case:new"))
    third = checkpoint(actor=SYSTEM, now=MOMENT + 2 * DAY)
    assert leaves(third) == {"case:2", "case:new"}
    proof = verify()
    assert proof.ok
    assert proof.unsigned == 0


def leaves(checkpoint: Checkpoint) -> set[str]:
    return set(Leaf.objects.filter(checkpoint=checkpoint).values_list("chain", flat=True))
