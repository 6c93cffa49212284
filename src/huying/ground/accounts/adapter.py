"""How django-allauth behaves here: nobody signs up, wrong tries are counted by axes, secrets are sealed."""

from __future__ import annotations

from base64 import b64decode, b64encode
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from huying.kernel import clock, privacy

from . import queries
from .models import User
from .places import after_sign_in, remember_choices


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Staff sign in with a user name; accounts are made by an administrator."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": _("用户名或密码不对。请核对大小写；忘记密码请联系本单位管理员重置。"),
        "too_many_login_attempts": _("试得太多了，请 15 分钟后再试。"),
        "enter_current_password": _("请输入现在的密码。"),
        "incorrect_password": _("密码不对。"),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """axes counts wrong tries and locks; counting twice would give two different answers."""

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Only warnings are worth saying; a page that changed says success by itself."""
        if level >= messages.WARNING:
            super().add_message(request, level, *args, **kwargs)

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Binding the first authenticator right after signing in asks for the password only once."""
        user = getattr(self.request, "user", None)
        if app == "allauth.mfa" and isinstance(user, User) and queries.is_binding_first(user, now=clock.now()):
            return False
        return bool(super().is_reauthentication_required(app=app))

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return resolve_url("account_login") if getattr(request.user, "is_staff", False) else "/"

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return after_sign_in(request)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        return remember_choices(response, user)

    def set_password(self, user: User, password: str) -> None:
        user.set_password(password)
        user.must_change_password = False
        user.save(update_fields=["password", "password_changed_at", "must_change_password"])


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator secrets and recovery seeds rest sealed in the database."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("验证码不对。请用验证器里现在显示的 6 位数字，并核对手机时间。"),
    }

    def encrypt(self, text: str) -> str:
        return b64encode(privacy.seal(text)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return privacy.unseal(b64decode(encrypted_text))

    def get_totp_label(self, user: User) -> str:
        return user.username or str(user)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """There are no mail addresses."""
