import os

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "huying.config"
    label = "config"
    verbose_name = "呼应"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.config import checks  # noqa: F401 - importing registers the checks

        if os.environ.get("HUYING_PART", "web") != "web":  # the web server's processes end with it at once
            from huying.config.instance.children import end_some_time_after_parent

            end_some_time_after_parent()
