from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "huying.casework.cases"
    label = "cases"
    verbose_name = _("事件")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import doors  # noqa: F401 - opens live topics, files and chains
