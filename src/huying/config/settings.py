"""Django settings, driven by the environment: `DATABASE_URL` and `HUYING_*`. Local rules are data, not settings.

| variable | meaning | default |
|---|---|---|
| HUYING_DATA_DIR | everything this instance keeps | ./.huying |
| HUYING_SECRET | long random text that seals personal data and signs sessions | the file `secret` there, made once |
| HUYING_SECRET_FALLBACKS | earlier secrets, separated by spaces, while one is being replaced | |
| DATABASE_URL | postgresql://user:password@host:port/name of a server ≥16 | the instance's own PostgreSQL |
| NATS_URL | nats://host:port of the device stream's servers, separated by commas | the instance's own nats-server |
| HUYING_STREAM_MEGABYTES | how much may wait in the device stream before it refuses | 4096 |
| HUYING_STREAM_REPLICAS | copies of the device stream in a cluster: 1, 3 or 5 | 1 |
| HUYING_STREAM_SYNC | how often the own server forces the stream to disk; `always` for a power cut to cost nothing | 10s |
| HUYING_HOSTS | host names served, separated by commas; `*` for any | * in the demonstration, else localhost |
| HUYING_ORIGINS | https origins allowed to send forms, separated by commas | |
| HUYING_HTTPS | 1: cookies only over https, HSTS | 0 |
| HUYING_DEBUG | 1: error pages with details; never in public | 0 |
| HUYING_LOG_LEVEL | DEBUG, INFO, WARNING or ERROR | INFO |
| HUYING_STATIC | plain: static files straight from the sources | hashed, from the data directory |
| HUYING_DEMO | 1: a demonstration, shown as such on every page | 0 |
| HUYING_PLACE_NAME | what the place is called in the header | 呼应 |
| HUYING_DEPARTURE_DAYS | how long it is known what left a phone's areas; a phone away longer begins anew | 180 |
| HUYING_RETENTION_DAYS | how long personal data of the registry is kept after it ended (moved away, died, off a list, closed) | 1095 |
| HUYING_KNOWLEDGE_FILE | the place's own table of what grid workers must know (底数掌握) | the table that comes along |
| HUYING_TIANDITU_KEY | key for 天地图 as a base map | none: own vectors only |
"""

from __future__ import annotations

import os
from pathlib import Path

from huying.config.addresses import database_settings
from huying.config.secret import read_or_create_secret
from huying.config.settings_signin import *
from huying.config.settings_signin import SIGNIN_APPS, SIGNIN_MIDDLEWARE
from huying.config.settings_stream import *


def _flag(name: str, default: str = "0") -> bool:
    return os.environ.get(name, default).strip().lower() in {"1", "true", "yes", "on"}


def _list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


HUYING_DATA_DIR = Path(os.environ.get("HUYING_DATA_DIR", ".huying")).expanduser().absolute()
HUYING_FILES = HUYING_DATA_DIR / "files"
HUYING_SECRET = os.environ.get("HUYING_SECRET") or read_or_create_secret(HUYING_DATA_DIR / "secret")
HUYING_SECRET_FALLBACKS = os.environ.get("HUYING_SECRET_FALLBACKS", "").split()
HUYING_DEMO = _flag("HUYING_DEMO")


def _days(name: str, default: str) -> int:
    """A whole number of days; 0, which is refused at the start, for anything else."""
    text = os.environ.get(name, "").strip() or default
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


HUYING_DEPARTURE_DAYS = _days("HUYING_DEPARTURE_DAYS", "180")
HUYING_RETENTION_DAYS = _days("HUYING_RETENTION_DAYS", "1095")
HUYING_KNOWLEDGE_FILE = os.environ.get("HUYING_KNOWLEDGE_FILE", "")
HUYING_PLACE_NAME = os.environ.get("HUYING_PLACE_NAME", "")
HUYING_TIANDITU_KEY = os.environ.get("HUYING_TIANDITU_KEY", "")

SECRET_KEY = HUYING_SECRET
SECRET_KEY_FALLBACKS = HUYING_SECRET_FALLBACKS
DEBUG = _flag("HUYING_DEBUG")
ALLOWED_HOSTS = _list("HUYING_HOSTS", "*" if HUYING_DEMO else "localhost,127.0.0.1,[::1]")
CSRF_FAILURE_VIEW = "huying.shell.views.csrf_failed"
CSRF_TRUSTED_ORIGINS = _list("HUYING_ORIGINS")

# From the lowest floor to the highest; templates and translations of an upper room win over those below.
HUYING_APPS = [
    "huying.kernel",
    "huying.shell",
    "huying.ground.accounts",
    "huying.ground.territory",
    "huying.ground.organisation",
    "huying.ground.registry",
    "huying.casework.catalogue",
    "huying.casework.cases",
    "huying.casework.clocks",
    "huying.casework.understanding",
    "huying.casework.dispatch",
    "huying.casework.supervision",
    "huying.senses.reports",
    "huying.senses.sync",
    "huying.senses.forms",
    "huying.senses.devices",
    "huying.senses.alarms",
    "huying.senses.readings",
    "huying.senses.portal",
    "huying.senses.seat",
    "huying.senses.imports",
    "huying.senses.field",
    "huying.insight.hotspots",
]
INSTALLED_APPS = [
    "huying.config",
    *reversed(HUYING_APPS),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_cotton",
    "django_htmx",
    *SIGNIN_APPS,
    # After our own packages: it imports their `tasks` modules, which need the models above.
    "procrastinate.contrib.django",
]
MIDDLEWARE = [
    "huying.config.middleware.SafeHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    *SIGNIN_MIDDLEWARE,
    "django_htmx.middleware.HtmxMiddleware",
    "huying.shell.middleware.KindErrors",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "huying.config.urls"
ASGI_APPLICATION = "huying.config.asgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "huying.config.context.instance",
            ],
        },
    }
]
COTTON_SNAKE_CASED_NAMES = False

DATABASES = {"default": database_settings(os.environ.get("DATABASE_URL", ""), HUYING_DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    # Counts of tries and marks of used codes: all web processes must know the same.
    "default": {"BACKEND": "huying.kernel.sharing.SharedCache", "OPTIONS": {"LEAST": SIGNIN_KEPT}},
    # What each process may find out for itself: figures that are shown again and again.
    "near": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 2_000}},
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LANGUAGE_COOKIE_NAME = "huying_language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
TIME_ZONE = os.environ.get("HUYING_TIME_ZONE", "Asia/Shanghai")
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = HUYING_DATA_DIR / "static"
_plain_static = os.environ.get("HUYING_STATIC") == "plain"  # straight from the sources, for development and tests
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = _plain_static
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if _plain_static
        else "huying.config.storage.BuiltFiles"
    },
}
MEDIA_ROOT = HUYING_FILES
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

HUYING_HTTPS = _flag("HUYING_HTTPS")
SESSION_COOKIE_SECURE = HUYING_HTTPS
CSRF_COOKIE_SECURE = HUYING_HTTPS
LANGUAGE_COOKIE_SECURE = HUYING_HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HUYING_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HUYING_HTTPS else None
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Jobs are enqueued in the caller's transaction: the queue is the outbox.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("HUYING_LOG_LEVEL", "INFO")},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
        "jieba": {"level": "WARNING"},
    },
}
