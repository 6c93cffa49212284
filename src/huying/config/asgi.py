"""The ASGI application that Granian serves."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

from huying.config.instance.children import end_with_parent

if os.environ.get("HUYING_PART") == "web":
    end_with_parent()  # the server's worker processes must not outlive the server
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huying.config.settings")
application = get_asgi_application()
