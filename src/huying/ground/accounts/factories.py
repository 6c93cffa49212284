"""Accounts for tests: complete, with as little said as needed."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

from .models import User

PASSWORD = "Correct-horse-7"
NOW = datetime(2025, 3, 12, 2, 0, tzinfo=UTC)  # Wednesday 10:00 in Shanghai
_number = count(1)


def make_staff(username: str = "", *, password: str = PASSWORD, **fields: object) -> User:
    """A member of staff who may sign in with PASSWORD."""
    user = User(kind="staff", username=username or f"staff{next(_number)}", **fields)
    user.set_password(password)
    user.save()
    return user


def make_resident(phone: str = "", **fields: object) -> User:
    """A resident with a phone nobody holds."""
    user = User(kind="resident", **fields)
    user.phone = phone or f"1990000{next(_number):04d}"
    user.set_unusable_password()
    user.save()
    return user
