"""Settings of a test run: nothing outside a directory of its own, cheap passwords, unhashed static files."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_own = Path(tempfile.mkdtemp(prefix="huying-test-"))
atexit.register(shutil.rmtree, _own, ignore_errors=True)
os.environ["HUYING_DATA_DIR"] = str(_own)
os.environ["HUYING_SECRET"] = "test-only-0123456789-abcdefghijklmnopqrstuvwxyz"
for _name in (
    "DATABASE_URL",
    "NATS_URL",
    "NATS_CREDENTIALS",
    "HUYING_DEMO",
    "HUYING_DEBUG",
    "HUYING_HTTPS",
    "HUYING_SMS_SENDER",
    "HUYING_REQUIRE_TOTP",
):
    os.environ.pop(_name, None)

os.environ["HUYING_STATIC"] = "plain"
os.environ["HUYING_STREAM_MEGABYTES"] = "64"

from huying.config.settings import *  # noqa: E402

ALLOWED_HOSTS = ["*"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
