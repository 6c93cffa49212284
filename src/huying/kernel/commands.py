"""Command line of the kernel: proving, exporting and checking the trace."""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from django.db import transaction

from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.console import Console, instance_command, json_option
from huying.kernel.privacy import reveal
from huying.kernel.trace import Finding, Proof, chain_named, export_text, make_checkpoint, offline, verify
from huying.kernel.trace.keys import ensure_private_key, public_pem, trusted_keys

_existing = click.Path(exists=True, dir_okay=False, path_type=Path)
_new = click.Path(dir_okay=False, path_type=Path)


@instance_command("verify")
@click.option("--key", "key_file", type=_existing, help="Public keys to trust [default: the instance's own].")
@click.option("--anchors", type=_existing, help="Checkpoint statements kept elsewhere, one a line.")
def verify_trace(console: Console, key_file: Path | None, anchors: Path | None) -> None:
    """Prove that nothing in the trace was altered, removed or reordered. Ends with 1 when something was."""
    kept = _anchors(anchors) if anchors else {}
    keys = trusted_keys(key_file.read_bytes() if key_file else None)
    proof = verify(console.progress(), keys=keys, anchors=kept)
    for finding in proof.findings:
        console.say(_line(finding))
    if proof.more_findings:
        console.say(f"… and {proof.more_findings:,} more")
    console.done(_summary(proof), ok=proof.ok, **asdict(proof))
    if not proof.ok:
        sys.exit(1)


@click.group("trace")
def trace_group() -> None:
    """Export, check and sign the trace."""


@instance_command("export")
@click.argument("chain")
@click.option("-o", "--output", type=_new, help="File to write [default: standard output].")
@click.option("--disclose", "labels", multiple=True, metavar="LABEL", help="Open this private value; repeatable.")
@click.option("--why", default="", help="Why private values are opened; kept in the access log.")
def export_chain(console: Console, chain: str, output: Path | None, labels: tuple[str, ...], why: str) -> None:
    """Write one history, such as case:123 or a case number, as a file that anybody can check offline."""
    with transaction.atomic():
        name = chain_named(chain)
        if labels:
            reveal(actor=system("command-line"), now=now(), subject=name, why=why, fields=labels)
        text = export_text(name, disclose=labels or False)
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    size = len(text.encode())
    console.done(f"{name} written to {output}, {size:,} bytes", chain=name, file=str(output), bytes=size)


@click.command("check")
@click.argument("file", type=_existing)
@click.option(
    "--key", "key_file", type=_existing, required=True, help="The public key, as `huying trace key` prints it."
)
@json_option
def check_file(console: Console, file: Path, key_file: Path) -> None:
    """Check an exported file with nothing but the public key; needs no instance. Ends with 1 when it is not intact."""
    sys.exit(offline.main([str(file), "--key", str(key_file), *(["--json"] if console.as_json else [])]))


@instance_command("key")
def show_key(console: Console) -> None:
    """Print the public key for others to keep, making the pair when there is none."""
    name = offline.key_id(ensure_private_key().public_key())
    pem = public_pem().decode()
    console.done(pem.strip(), key=name, pem=pem)


@instance_command("checkpoint")
def sign_checkpoint(console: Console) -> None:
    """Sign today's checkpoint now and print its statement; keep it elsewhere as an anchor for `verify`."""
    checkpoint = make_checkpoint(actor=system("command-line"), now=now())
    signature = base64.b64encode(bytes(checkpoint.signature)).decode()
    console.done(checkpoint.statement, number=checkpoint.number, statement=checkpoint.statement, signature=signature)


for _command in (export_chain, check_file, show_key, sign_checkpoint):
    trace_group.add_command(_command)

commands: list[click.Command] = [verify_trace, trace_group]


def _line(finding: Finding) -> str:
    number = "" if finding.seq is None else f" entry {finding.seq}"
    signed = "" if finding.checkpoint is None else f" checkpoint {finding.checkpoint}"
    return f"{finding.kind.upper():<10} {finding.chain}{number}{signed}: {finding.what}"


def _summary(proof: Proof) -> str:
    state = "intact" if proof.ok else f"NOT intact, {len(proof.findings) + proof.more_findings:,} deviations"
    return (
        f"{state}: {proof.entries:,} entries in {proof.chains:,} chains, {proof.checkpoints:,} checkpoints up to "
        f"{proof.last_day or 'none'}, {proof.unsigned:,} entries not signed yet, {proof.private:,} private values"
    )


def _anchors(file: Path) -> dict[int, str]:
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    try:
        return {int(json.loads(line)["number"]): line for line in lines}
    except (ValueError, KeyError, TypeError) as error:
        raise click.BadParameter("every line must be a checkpoint statement", param_hint="--anchors") from error
