"""allauth's sign-in form with our manners."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm


class StaffLogin(LoginForm):  # type: ignore[misc]
    """No placeholders; the user name may come with the address (`?user=`), and its letter case does not matter."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
            field.help_text = ""
        if self.request is not None and not self.is_bound:
            self.initial.setdefault("login", self.request.GET.get("user", "")[:64])

    def clean_login(self) -> str:
        return str(self.cleaned_data["login"]).strip().lower()
