from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HotspotsConfig(AppConfig):
    name = "huying.insight.hotspots"
    label = "hotspots"
    verbose_name = _("热点")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell import navigation

        from .access import READERS

        navigation.register(navigation.Entry(_("热点"), "hotspots", READERS, icon="chart", order=35))
