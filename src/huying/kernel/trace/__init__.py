"""The trace: an append-only hash chain for every case, signed daily over all chains.

Write with ``record``; everything else is for checkpoints, verification and export. The format is described in
docs/reference/trace-format.md.
"""

from huying.kernel.trace.checkpoints import make_checkpoint
from huying.kernel.trace.export import chain_named, erase_private, export, export_text, resolve_chain
from huying.kernel.trace.models import Checkpoint, Entry, Leaf, PrivateValue
from huying.kernel.trace.record import Draft, append, record
from huying.kernel.trace.verify import verify
from huying.kernel.trace.walk import Finding, Proof

__all__ = [
    "Checkpoint",
    "Draft",
    "Entry",
    "Finding",
    "Leaf",
    "PrivateValue",
    "Proof",
    "append",
    "chain_named",
    "erase_private",
    "export",
    "export_text",
    "make_checkpoint",
    "record",
    "resolve_chain",
    "verify",
]
