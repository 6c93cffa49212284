"""Telling a device to do something: asked with a reason, agreed to by a second person where it matters, sent, answered.

Sending is a job enqueued in the transaction that decided on it, so that what was agreed to is sent whatever dies meanwhile;
and a command that came to nothing in time is given up rather than carried out late.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import orjson
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django import app

from huying.kernel.actor import Actor
from huying.kernel.errors import Forbidden, Invalid, NotFound, Refused
from huying.kernel.facts import publish
from huying.kernel.locks import lock_rows
from huying.kernel.stream import Publisher, down_subject

from .. import access
from ..decoding import Answer
from ..facts import CommandAnswered
from ..kinds import CommandKind, kind
from ..models import Command, Device
from ..queries import expiring_commands
from ..rules import (
    LONGEST_REASON,
    CommandState,
    DeviceState,
    command_after,
    command_expires_at,
    may_confirm,
)
from .writing import draft_of, locked, note

SEND: Final = "devices.send"
_FIRST: Final = 50  # before jobs that may wait


@transaction.atomic
def ask_command(device_id: int, *, actor: Actor, now: datetime, code: str, reason: str) -> Command:
    """Ask for a command. It is sent at once, or waits for :func:`confirm_command` where its kind says so.

    Refused for a device that is not in use or is exempt from being cut off, and while the same command is under way.
    """
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid(_("请写明事由，200 个字以内"), code="reason_needed", field="reason")
    device = locked(device_id)
    _must_command(actor, device)
    told = _allowed(device, code)
    try:
        with transaction.atomic():
            command = Command.objects.create(
                device=device, code=code, body=dict(told.payload), reason=reason, asked_by=actor.ref,
                asked_name=actor.name[:80], asked_at=now, state=CommandState.ASKED,
            )  # fmt: skip
    except IntegrityError:
        raise Refused(_("同样的指令已经下过，还没有结果"), code="command_under_way") from None
    note([draft_of(device.code, "ask_command", actor=actor, now=now, command=command.pk, code=code)])
    if not told.needs_confirmation:
        _send_soon(command)
    return command


@transaction.atomic
def confirm_command(command_id: int, *, actor: Actor, now: datetime) -> Command:
    """A second person agrees; the command is sent. Forbidden for whoever asked, Refused when it no longer waits."""
    command, device = _both(command_id)
    _must_command(actor, device)
    if not may_confirm(asked_by=command.asked_by, confirming=actor.ref):
        raise Forbidden(_("自己下的指令要由另一个人确认"), code="another_person")
    told = _allowed(device, command.code)
    if not told.needs_confirmation or now >= command_expires_at(command.state, asked_at=command.asked_at, sent_at=None):
        raise Refused(_("这条指令已经不等确认了"), code="wrong_state")
    command.confirmed_by, command.confirmed_name, command.confirmed_at = actor.ref, actor.name[:80], now
    _move(command, "confirm", ["confirmed_by", "confirmed_name", "confirmed_at"])
    note([draft_of(device.code, "confirm_command", actor=actor, now=now, command=command.pk, code=command.code)])
    _send_soon(command)
    return command


@transaction.atomic
def refuse_command(command_id: int, *, actor: Actor, now: datetime, why: str = "") -> Command:
    """Say no to a command that waits; whoever asked for it may take it back in the same way."""
    command, device = _both(command_id)
    _must_command(actor, device)
    command.answer = why.strip()[:200]
    _move(command, "refuse", ["answer"])
    note([draft_of(device.code, "refuse_command", actor=actor, now=now, command=command.pk, code=command.code)])
    return command


@transaction.atomic
def send_command(command_id: int, *, actor: Actor, now: datetime, stream: Publisher) -> Command:
    """Send what was agreed to, on the device's own topic or its gateway's. Sending again what was sent changes nothing.

    Raises StreamUnavailable, and the command stays as it was. A device that was paused or became exempt in between is left alone.
    """
    command, device = _both(command_id)
    told = _allowed(device, command.code)
    ready = CommandState.CONFIRMED if told.needs_confirmation else CommandState.ASKED
    if command.state != ready:
        return command
    if now >= command_expires_at(command.state, asked_at=command.asked_at, sent_at=None):
        return _expire(command, device, actor=actor, now=now)
    through = device.gateway if device.gateway is not None else device
    body = {"command": command.pk, "device": device.code, "code": command.code, "payload": command.body}
    command.sent_at = now
    _move(command, "send", ["sent_at"])
    note([draft_of(device.code, "send_command", actor=actor, now=now, command=command.pk, code=command.code)])
    # Last of all: what is told cannot be taken back, so nothing after it may fail but the commit itself.
    stream.tell(down_subject(through.code), orjson.dumps({**body, "at": now.isoformat()}))
    return command


@transaction.atomic
def answer_command(*, actor: Actor, now: datetime, device_id: int, answer: Answer) -> Command | None:
    """Keep what a device says became of a command. None for what was never sent to it, or is answered already.

    ``device_id`` is who answers: the device, or the gateway it stands behind.
    """
    found = Command.objects.filter(pk=answer.command).values_list("device_id", "device__gateway_id").first()
    if found is None or device_id not in found:
        return None
    command, device = _both(answer.command)
    verb = "succeed" if answer.ok else "fail"
    if command.sent_at is None or command_after(command.state, verb) is None:
        return None
    command.answered_at, command.answer = now, answer.words[:200]
    _move(command, verb, ["answered_at", "answer"])
    note([draft_of(device.code, "answer_command", actor=actor, now=now, command=command.pk, ok=answer.ok)])
    publish(
        CommandAnswered(
            command_id=command.pk, device_id=device.pk, device_code=device.code, code=command.code, ok=answer.ok, at=now
        )
    )
    return command


def expire_commands(*, actor: Actor, now: datetime) -> int:
    """Give up commands nobody confirmed or answered in time; how many."""
    count = 0
    for pk in expiring_commands(now):
        with transaction.atomic():
            command, device = _both(pk)
            if command_after(command.state, "expire") is None:
                continue
            if now >= command_expires_at(command.state, asked_at=command.asked_at, sent_at=command.sent_at):
                _expire(command, device, actor=actor, now=now)
                count += 1
    return count


def _expire(command: Command, device: Device, *, actor: Actor, now: datetime) -> Command:
    _move(command, "expire", [])
    note([draft_of(device.code, "expire_command", actor=actor, now=now, command=command.pk, code=command.code)])
    return command


def _both(command_id: int) -> tuple[Command, Device]:
    """The device and then its command, both locked; NotFound when there is none."""
    device_id = Command.objects.filter(pk=command_id).values_list("device_id", flat=True).first()
    if device_id is None:
        raise NotFound(_("没有这条指令"), code="command_not_found")
    device = locked(device_id)
    (command,) = lock_rows(Command, [command_id])
    return command, device


def _must_command(actor: Actor, device: Device) -> None:
    if not access.may(actor, access.VIEW, device.area):
        raise NotFound(code="device_not_found")
    access.require_over(actor, access.COMMAND, device.area)


def _allowed(device: Device, code: str) -> CommandKind:
    """The command as the device's kind describes it, if it may be given to this device now."""
    told = kind(device.kind).commands.get(code)
    if told is None:
        raise Invalid(_("这类设备没有这条指令"), code="unknown_command", field="code")
    if device.state != DeviceState.ACTIVE:
        raise Refused(_("设备不在用，不能下指令"), code="wrong_state")
    if told.cuts_power and device.exempt:
        raise Refused(
            _("这条线路接有医疗设备，不得远程断电"), code="exempt", hint=_("请派人到现场处理，先联系使用人和家属")
        )
    return told


def _move(command: Command, verb: str, fields: list[str]) -> None:
    state = command_after(command.state, verb)
    if state is None:
        raise Refused(_("这条指令现在不能这样做"), code="wrong_state")
    command.state = state
    command.save(update_fields=["state", *fields])


def _send_soon(command: Command) -> None:
    app.configure_task(SEND, priority=_FIRST).defer(command_id=command.pk)
