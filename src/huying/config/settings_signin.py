"""Sign-in, sessions and lockout. Imported by `settings.py`; every number here is local policy.

Values follow MLPS level 3 (GB/T 22239-2019): lock after five wrong tries, sign an idle desk out, two factors for staff.
"""

from __future__ import annotations

import os
from datetime import timedelta


def _flag(name: str, default: str) -> bool:
    return os.environ.get(name, default).strip().lower() not in {"0", "false", "no", "off", ""}


def _number(name: str, default: int) -> int:
    return int(os.environ.get(name, "") or default)


# To be added by settings.py to its own lists, in this order.
SIGNIN_APPS = ["axes", "allauth", "allauth.account", "allauth.mfa"]
SIGNIN_MIDDLEWARE = [  # after SessionMiddleware, LocaleMiddleware, AuthenticationMiddleware and MessageMiddleware
    "allauth.account.middleware.AccountMiddleware",
    "huying.ground.accounts.middleware.IdleSignOut",
    "huying.ground.accounts.middleware.StaffSafety",
    "huying.ground.organisation.middleware.WhoActs",
    "axes.middleware.AxesMiddleware",
]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "huying.ground.accounts.backends.StaffBackend",
    "huying.ground.accounts.backends.ResidentBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "huying.ground.accounts.passwords.StrongEnough"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/desk/"
LOGOUT_REDIRECT_URL = "/"

# Staff: password, then a code from an authenticator app.
HUYING_REQUIRE_TOTP = _flag("HUYING_REQUIRE_TOTP", "0" if _flag("HUYING_DEMO", "0") else "1")
HUYING_IDLE_LIMIT = timedelta(minutes=_number("HUYING_IDLE_MINUTES", 20))
HUYING_PASSWORD_LIFE = timedelta(days=_number("HUYING_PASSWORD_DAYS", 180))
HUYING_PASSWORD_LEAST = 10

ACCOUNT_ADAPTER = "huying.ground.accounts.adapter.StaffAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_FORMS = {"login": "huying.ground.accounts.forms.StaffLogin"}
ACCOUNT_SESSION_REMEMBER = True  # the idle limit decides, not a tick box
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_RATE_LIMITS = {
    "login": "60/m/ip",
    "login_failed": "5/15m/key",
    "reauthenticate": "10/m/user",
    "change_password": "5/m/user",
}
MFA_ADAPTER = "huying.ground.accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "呼应"
MFA_TOTP_TOLERANCE = 1
# A code is taken from one period before to one after its own, so it counts as used for all three.
SIGNIN_KEPT = {"allauth.mfa.totp.used?": 30 * (2 * MFA_TOTP_TOLERANCE + 1)}
MFA_RECOVERY_CODE_COUNT = 10
MFA_ALLOW_UNVERIFIED_EMAIL = True

AXES_FAILURE_LIMIT = _number("HUYING_LOCK_AFTER", 5)
AXES_COOLOFF_TIME = timedelta(minutes=_number("HUYING_LOCK_MINUTES", 15))
AXES_LOCKOUT_PARAMETERS = ["username"]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "huying.ground.accounts.places.username_of"
AXES_LOCKOUT_CALLABLE = "huying.ground.accounts.views.locked_out"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_DISABLE_ACCESS_LOG = True  # accounts.SignIn keeps the record
AXES_HTTP_RESPONSE_CODE = 429

# Residents: a six-digit code by text message.
HUYING_CODE_LIFE = timedelta(minutes=5)
HUYING_CODE_TRIES = 5
HUYING_CODE_PAUSE = timedelta(seconds=60)
HUYING_CODE_PER_PHONE_HOUR = 5
HUYING_CODE_PER_PHONE_DAY = 10
HUYING_CODE_PER_ADDRESS_HOUR = _number("HUYING_CODE_PER_ADDRESS_HOUR", 30)
# Who carries text messages: "console" (log, and shown on the page: demonstrations only), "file" or "http".
HUYING_SMS_SENDER = os.environ.get("HUYING_SMS_SENDER", "console")
HUYING_SMS_FILE = os.environ.get("HUYING_SMS_FILE", "")
HUYING_SMS_URL = os.environ.get("HUYING_SMS_URL", "")
HUYING_SMS_TOKEN = os.environ.get("HUYING_SMS_TOKEN", "")
HUYING_SMS_TEMPLATE = os.environ.get("HUYING_SMS_TEMPLATE", "")
# Who speaks on the phone when an alarm calls: "console", "file" or "http".
HUYING_VOICE_CALLER = os.environ.get("HUYING_VOICE_CALLER", "console")
HUYING_VOICE_FILE = os.environ.get("HUYING_VOICE_FILE", "")
HUYING_VOICE_URL = os.environ.get("HUYING_VOICE_URL", "")
HUYING_VOICE_TOKEN = os.environ.get("HUYING_VOICE_TOKEN", "")
HUYING_RESIDENT_SESSION = timedelta(days=30)

SESSION_COOKIE_NAME = "huying_session"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_SAVE_EVERY_REQUEST = False
CSRF_COOKIE_NAME = "huying_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "huying.shell.views.csrf_failed"

# axes: a name is locked whatever the address, so that a wandering attacker gains nothing; its advice is the opposite.
SILENCED_SYSTEM_CHECKS = ["axes.W006"]
