from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DevicesConfig(AppConfig):
    name = "huying.senses.devices"
    label = "devices"
    verbose_name = _("设备")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.casework.cases import placing
        from huying.ground.registry.consents import offer
        from huying.shell import navigation, panels

        from .access import FAMILY_PURPOSE, viewing_roles
        from .desk.panels import on_case
        from .queries import areas_of

        offer(FAMILY_PURPOSE, _("家属查看设备"))
        panels.register("case", "subjects", on_case)
        placing.register("device", areas_of)
        begin = ("device_keeper",)
        entry = navigation.Entry(_("设备"), "devices-list", viewing_roles(), icon="zap", order=66, starts=begin)
        navigation.register(entry)
