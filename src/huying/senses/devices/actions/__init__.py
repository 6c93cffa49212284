"""Every write about devices."""

from .commanding import answer_command, ask_command, confirm_command, expire_commands, refuse_command, send_command
from .credentials import issue_credential, issue_credentials, register_with_secrets, revoke_credential
from .importing import Imported, Rejected, import_devices, write_rejects, write_secrets
from .pausing import (
    follow_resident,
    forget_residents,
    move_devices,
    part_resident,
    pause_device,
    resume_device,
    retire_device,
)
from .registering import register_device, register_devices, save_device

__all__ = [
    "Imported",
    "Rejected",
    "answer_command",
    "ask_command",
    "confirm_command",
    "expire_commands",
    "follow_resident",
    "forget_residents",
    "import_devices",
    "issue_credential",
    "issue_credentials",
    "move_devices",
    "part_resident",
    "pause_device",
    "refuse_command",
    "register_device",
    "register_devices",
    "register_with_secrets",
    "resume_device",
    "retire_device",
    "revoke_credential",
    "save_device",
    "send_command",
    "write_rejects",
    "write_secrets",
]
