"""Command line of the organisation: `huying units import|export`, `huying keys issue|renew|revoke|list`."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import timedelta
from pathlib import Path

import click

from huying.ground.accounts.commands import spoken
from huying.kernel.actor import system
from huying.kernel.clock import local_day, now
from huying.kernel.console import Console, instance_command

from . import actions, exchange, queries, rules
from .models import ApiKey, Unit


@click.group("units")
def units() -> None:
    """Units as CSV."""


@instance_command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Where to write refused rows and why.")
def import_units(console: Console, file: Path, rejects: Path | None) -> None:
    """Create and change units from a CSV file. Running it again changes nothing."""
    counts: Counter[str] = Counter()
    refused: list[exchange.Line] = []
    with file.open(encoding="utf-8-sig", newline="") as source:
        for line in exchange.import_units(csv.DictReader(source), actor=system("command-line"), now=now()):
            counts[line.outcome] += 1
            if line.outcome == "refused":
                refused.append(line)
                console.say(f"line {line.number} {line.code}: {line.why}")
    if rejects and refused:
        with rejects.open("w", encoding="utf-8", newline="") as target:
            csv.writer(target).writerows([("line", "code", "why"), *((x.number, x.code, x.why) for x in refused)])
    said = ", ".join(f"{counts[each]} {each}" for each in ("created", "changed", "unchanged", "refused"))
    console.done(f"{file}: {said}", **counts)


@instance_command("export")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
def export_units(console: Console, output: Path) -> None:
    """Write all units of today as CSV."""
    with output.open("w", encoding="utf-8-sig", newline="") as target:
        count = exchange.export_units(target, on=local_day(now()))
    console.done(f"{count} units written to {output}", units=count, file=str(output))


@click.group("keys")
def keys() -> None:
    """Keys for other systems."""


@instance_command("issue")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, type=click.Choice(rules.SCOPES), help="Repeatable.")
@click.option("--area", default="", help="Prefix of the area codes the key reaches [default: everywhere].")
@click.option("--unit", "unit_code", default="", help="Code of the unit the key speaks for.")
@click.option("--days", type=click.IntRange(1, 366), default=180, show_default=True)
def issue(console: Console, name: str, scopes: tuple[str, ...], area: str, unit_code: str, days: int) -> None:
    """Issue a key. It is printed once and stored nowhere."""
    unit = Unit.objects.filter(code=unit_code).first() if unit_code else None
    if unit_code and unit is None:
        raise click.ClickException(f"There is no unit {unit_code}.")
    moment = now()
    with spoken():
        key, token = actions.issue_key(
            actor=system("command-line"),
            now=moment,
            name=name,
            scopes=scopes,
            expires_at=moment + timedelta(days=days),
            unit=unit,
            area=area,
        )
    console.done(f"{token}  ({name}, until {key.expires_at:%Y-%m-%d})", key=token, prefix=key.prefix)


@instance_command("renew")
@click.argument("prefix")
@click.option("--days", type=click.IntRange(1, 366), default=180, show_default=True)
def renew(console: Console, prefix: str, days: int) -> None:
    """Issue a new key to the same system. The old one works on until it expires or is revoked."""
    moment = now()
    with spoken():
        key, token = actions.renew_key(
            actor=system("command-line"), now=moment, key=_key(prefix), expires_at=moment + timedelta(days=days)
        )
    console.done(f"{token}  ({key.name}, until {key.expires_at:%Y-%m-%d})", key=token, prefix=key.prefix)


def _key(prefix: str) -> ApiKey:
    key: ApiKey | None = (
        ApiKey.objects.select_related("unit").filter(prefix=prefix.removeprefix("hy_").partition("_")[0]).first()
    )
    if key is None:
        raise click.ClickException(f"There is no key {prefix}. `huying keys list` shows all.")
    return key


@instance_command("revoke")
@click.argument("prefix")
@click.option("--reason", default="")
def revoke(console: Console, prefix: str, reason: str) -> None:
    """Revoke the key whose prefix (the part after hy_) is given."""
    key = _key(prefix)
    with spoken():
        actions.revoke_key(actor=system("command-line"), now=now(), key=key, reason=reason)
    console.done(f"Key {key.prefix} ({key.name}) revoked", prefix=key.prefix)


@instance_command("list")
def list_keys(console: Console) -> None:
    """All keys, without their secrets."""
    rows = queries.api_keys()
    moment = now()
    for row in rows:
        state = rules.key_refusal(now=moment, expires_at=row.expires_at, revoked_at=row.revoked_at) or "usable"
        console.say(f"hy_{row.prefix}_…  {state:8}  {row.expires_at:%Y-%m-%d}  {row.name}  {' '.join(row.scopes)}")
    facts = [
        {"prefix": row.prefix, "name": row.name, "scopes": row.scopes, "usable": row.usable(moment)} for row in rows
    ]
    console.done(f"{len(rows)} keys", keys=facts)


for _command in (import_units, export_units):
    units.add_command(_command)
for _command in (issue, renew, revoke, list_keys):
    keys.add_command(_command)
commands = [units, keys]
