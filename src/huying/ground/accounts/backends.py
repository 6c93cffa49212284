"""Where accounts are proved: staff by password, residents by a code (`actions.sign_in_by_code`)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from huying.kernel.gathering import finding

from .models import User

_account = finding("account", User, "id = $1::bigint AND disabled_at IS NULL")


class KnownBackend(BaseBackend):
    """Loads the account of a session; a disabled account is signed out with its next request."""

    def get_user(self, user_id: int) -> User | None:
        return _account(user_id)


class StaffBackend(KnownBackend):
    """User name and password, for staff only. Costs the same time whether or not the name exists."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **_other: Any
    ) -> User | None:
        if not username or password is None:
            return None
        user = User.objects.staff().filter(username=username.strip().lower()).first()
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None


class ResidentBackend(KnownBackend):
    """Named in the session of residents; it proves nothing itself."""

    def authenticate(self, request: HttpRequest | None, **_credentials: Any) -> None:
        return None
