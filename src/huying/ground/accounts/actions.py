"""Every write to accounts. Each has an author and leaves a trace on the chain `user:<id>`; secrets never enter it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from huying.kernel import privacy, trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Conflict, Invalid, Refused

from . import rules
from .models import PhoneCode, User
from .senders import Sender, SendFailed

LANGUAGES = ("zh-hans", "en")


def _note(user: User, *, verb: str, actor: Actor, now: datetime, body: dict[str, Any] | None = None) -> None:
    trace.record([trace.Draft(chain=f"user:{user.pk}", verb=verb, actor=actor, at=now, body=body or {})])


def _check_password(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error


# --- staff -----------------------------------------------------------------------------------------------------


def create_staff_account(
    *, actor: Actor, now: datetime, username: str, password: str, name: str = "", must_change: bool = True
) -> User:
    """Open an account for a member of staff, who is asked for a new password at the first sign-in.

    Invalid for a bad user name or a weak password, Conflict when the name is taken.
    """
    username = username.strip().lower()
    if not rules.is_username(username):
        raise Invalid(_("用户名用小写字母开头，2–64 位，可含数字、点、横线和下划线"), field="username")
    user = User(kind=User.Kind.STAFF, username=username, name=name.strip(), created_at=now)
    _check_password(password, user)
    user.set_password(password)
    user.password_changed_at, user.must_change_password = now, must_change
    try:
        with transaction.atomic():
            user.save()
            _note(user, verb="account_created", actor=actor, now=now, body={"kind": "staff", "username": username})
    except IntegrityError as error:
        raise Conflict(_("用户名已被使用"), code="username_taken", field="username") from error
    return user


@transaction.atomic
def reset_password(*, actor: Actor, now: datetime, user: User, password: str, must_change: bool = True) -> None:
    """Give an account a new password; its sessions end, because they are bound to the old one."""
    _check_password(password, user)
    user.set_password(password)
    user.password_changed_at, user.must_change_password = now, must_change
    user.save(update_fields=["password", "password_changed_at", "must_change_password"])
    _note(user, verb="password_reset", actor=actor, now=now, body={"must_change": must_change})


@transaction.atomic
def reset_second_factor(*, actor: Actor, now: datetime, user: User) -> int:
    """Remove authenticator and recovery codes, so that the next sign-in leads to binding anew. Returns how many."""
    count, _rows = Authenticator.objects.filter(user_id=user.pk).delete()
    _note(user, verb="second_factor_reset", actor=actor, now=now, body={"removed": count})
    return int(count)


@transaction.atomic
def disable_account(*, actor: Actor, now: datetime, user: User, reason: str) -> None:
    """Close the door at once. Refused for one's own account and for one already closed."""
    if not reason.strip():
        raise Invalid(_("请写明停用原因"), field="reason")
    if actor.ref in {f"user:{user.pk}"}:
        raise Refused(_("不能停用自己的账号"), code="own_account")
    if User.objects.filter(pk=user.pk, disabled_at__isnull=True).update(disabled_at=now) == 0:
        raise Refused(_("账号已经停用"), code="account_disabled")
    user.disabled_at = now
    _note(user, verb="account_disabled", actor=actor, now=now, body={"reason": reason})


@transaction.atomic
def enable_account(*, actor: Actor, now: datetime, user: User) -> None:
    """Open the door again."""
    if User.objects.filter(pk=user.pk, disabled_at__isnull=False).update(disabled_at=None) == 0:
        raise Refused(_("账号没有停用"), code="account_enabled")
    user.disabled_at = None
    _note(user, verb="account_enabled", actor=actor, now=now)


def change_preferences(
    *, actor: Actor, now: datetime, user: User, language: str, elder_mode: bool, name: str = ""
) -> None:
    """Language, elder mode and, for residents, the name they wish to be called by. Not traced: nobody's business."""
    if language not in LANGUAGES:
        raise Invalid(_("没有这种语言"), field="language")
    user.language, user.elder_mode = language, elder_mode
    if not user.is_staff:
        user.name = name.strip()[:64]
    user.save(update_fields=["language", "elder_mode", "name"])


# --- residents -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """A code is on its way. `shown` holds it only where messages are printed instead of sent (demonstrations)."""

    phone: str
    resend_at: datetime
    expires_at: datetime
    shown: str = ""


def policy() -> rules.CodePolicy:
    """The policy for codes from the settings."""
    return rules.CodePolicy(
        life=settings.HUYING_CODE_LIFE,
        tries=settings.HUYING_CODE_TRIES,
        pause=settings.HUYING_CODE_PAUSE,
        per_phone_hour=settings.HUYING_CODE_PER_PHONE_HOUR,
        per_phone_day=settings.HUYING_CODE_PER_PHONE_DAY,
        per_address_hour=settings.HUYING_CODE_PER_ADDRESS_HOUR,
    )


def send_code(*, phone: str, address: str | None, now: datetime, sender: Sender) -> Sent:
    """Send a six-digit code to a phone, whether or not an account exists: the answer never tells.

    Invalid for a number that is none; Refused (code "too_many_codes") above the limits, saying until when.
    """
    number = rules.normal_phone(phone)
    if not rules.is_phone(number):
        raise Invalid(_("请填写 11 位手机号码"), field="phone")
    limits = policy()
    code = f"{secrets.randbelow(10**rules.CODE_DIGITS):0{rules.CODE_DIGITS}d}"
    with transaction.atomic():
        blind = privacy.blind(number)
        _one_at_a_time(blind, address)
        _check_limits(blind, address, now, limits)
        row = PhoneCode.objects.create(
            phone_blind=blind,
            address=address,
            code_hash=rules.hash_code(code, blind, settings.SECRET_KEY),
            sent_at=now,
            expires_at=now + limits.life,
        )
    minutes = int(limits.life.total_seconds() // 60)
    text = str(_("【呼应】您的登录验证码是 %(code)s，%(minutes)d 分钟内有效，请勿告诉他人。")) % {
        "code": code,
        "minutes": minutes,
    }
    try:
        sender.send(number, code, text)
    except SendFailed as error:
        row.delete()
        raise Refused(
            _("短信没有发出去"), code="send_failed", hint=_("请稍后再试；也可以不登录，直接匿名反映")
        ) from error
    return Sent(number, now + limits.pause, row.expires_at, code if sender.shows else "")


def _one_at_a_time(blind: bytes, address: str | None) -> None:
    """Two requests at the same moment must not both pass the limits."""
    with connection.cursor() as cursor:
        for key in sorted({f"phone-code:{blind.hex()}", f"phone-code:{address}"}):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [key])


def _check_limits(blind: bytes, address: str | None, now: datetime, limits: rules.CodePolicy) -> None:
    recent = PhoneCode.objects.filter(sent_at__gt=now - timedelta(days=1))
    to_phone = list(recent.filter(phone_blind=blind).values_list("sent_at", flat=True))
    rows = recent.filter(address=address, sent_at__gt=now - timedelta(hours=1)) if address else recent.none()
    from_address = list(rows.values_list("sent_at", flat=True))
    wait = rules.may_send(now=now, to_phone=to_phone, from_address=from_address, policy=limits)
    if wait is not None:
        seconds = max(1, int((wait.until - now).total_seconds()))
        raise Refused(_("验证码发得太频繁"), code="too_many_codes", hint=_wait_words(seconds))


def _wait_words(seconds: int) -> str:
    if seconds < 120:
        return str(_("请 %(seconds)d 秒后再获取")) % {"seconds": seconds}
    return str(_("请 %(minutes)d 分钟后再获取")) % {"minutes": -(-seconds // 60)}


def sign_in_by_code(*, phone: str, code: str, now: datetime) -> User:
    """The account of a phone whose latest code this is; a first-time phone gets one. Does not start the session.

    Refused (code "wrong_code") in the same words for a wrong, used, expired or never-sent code; "account_disabled" only
    to somebody who holds the phone.
    """
    blind = privacy.blind(rules.normal_phone(phone))
    limits = policy()
    digits = code.strip().replace(" ", "").translate(str.maketrans("０１２３４５６７８９", "0123456789"))
    with transaction.atomic():
        row = PhoneCode.objects.select_for_update().filter(phone_blind=blind).order_by("-sent_at", "-id").first()
        good = row is not None and rules.code_usable(
            now=now, expires_at=row.expires_at, tries=row.tries, used=row.used_at is not None, policy=limits
        )
        if good and row is not None:
            if rules.same_hash(row.code_hash, rules.hash_code(digits, blind, settings.SECRET_KEY)):
                row.used_at = now
            else:
                row.tries, good = row.tries + 1, False
            row.save(update_fields=["tries", "used_at"])
    if not good:
        raise Refused(_("验证码不对或已失效"), code="wrong_code", hint=_("请核对短信，或重新获取验证码"), field="code")
    return _account_of(phone, now)


def _account_of(phone: str, now: datetime) -> User:
    user = User.objects.with_phone(phone, kind=User.Kind.RESIDENT).first()
    if user is None:
        user = User(kind=User.Kind.RESIDENT, created_at=now)
        user.phone = phone
        user.set_unusable_password()
        try:
            with transaction.atomic():
                user.save()
                actor = Actor("resident", f"user:{user.pk}", "居民")
                _note(user, verb="account_created", actor=actor, now=now, body={"kind": "resident"})
        except IntegrityError:  # the same phone signed in twice at the same moment
            user = User.objects.with_phone(phone, kind=User.Kind.RESIDENT).get()
    if not user.is_active:
        raise Refused(_("这个账号已停用"), code="account_disabled", hint=_("如有疑问，请拨打 12345"))
    return user


def forget_old_codes(*, now: datetime, keep: timedelta = timedelta(days=2)) -> int:
    """Delete codes that no limit looks at any more. Returns how many."""
    count, _rows = PhoneCode.objects.filter(sent_at__lt=now - keep).delete()
    return count
