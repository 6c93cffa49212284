from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "huying.ground.accounts"
    label = "accounts"
    verbose_name = "账号"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401 - importing registers the checks
