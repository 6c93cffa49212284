from django.apps import AppConfig

from huying.shell import assets  # noqa: F401  its system check registers itself


class ShellConfig(AppConfig):
    name = "huying.shell"
    label = "shell"
    verbose_name = "外观"
    default_auto_field = "django.db.models.BigAutoField"
