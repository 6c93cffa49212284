from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReadingsConfig(AppConfig):
    name = "huying.senses.readings"
    label = "readings"
    verbose_name = _("设备读数")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.senses.alarms.desk import history

        from . import doors  # noqa: F401 - opens live topics
        from .replaying import past, remembered

        history.provide(past, remembered)
