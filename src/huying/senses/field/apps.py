from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FieldConfig(AppConfig):
    name = "huying.senses.field"
    label = "field"
    verbose_name = _("网格巡查")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell import navigation

        from . import appliers, offers  # noqa: F401 - they register what phones do and hold
        from .access import OVERSEERS

        navigation.register(navigation.Entry(_("网格工作"), "field-board", OVERSEERS, icon="map", order=70))
