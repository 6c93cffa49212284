from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AlarmsConfig(AppConfig):
    name = "huying.senses.alarms"
    label = "alarms"
    verbose_name = _("报警")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.senses.devices.access import viewing_roles
        from huying.senses.devices.desk import alarming
        from huying.shell import navigation, panels

        from . import checks, doors  # noqa: F401 - checks of settings, live topics
        from .desk import board
        from .desk import panels as hung
        from .desk.shown import LIGHTS
        from .engine import SEVERITIES

        navigation.register(
            navigation.Entry(
                _("设备报警"), "alarms-board", viewing_roles(), icon="bell", order=64, count=board.count_of_ringing
            )
        )
        panels.register("device", "alarms", hung.open_alarms)
        panels.register("device", "main", hung.rules_panel, order=10)
        panels.register("device", "main", hung.past_alarms, order=20)
        panels.register("device", "side", hung.test_panel)
        panels.register("device", "limits", hung.limits)
        panels.register("case", "main", hung.on_case, order=15)
        alarming.provide(alarming.Alarming(hung.severities, hung.alarming_devices, SEVERITIES, LIGHTS))
