from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ClocksConfig(AppConfig):
    name = "huying.casework.clocks"
    label = "clocks"
    verbose_name = _("时限")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.casework.cases import timekeeping
        from huying.shell import navigation, panels

        from . import desk, keeping, live  # noqa: F401 - live registers who may listen
        from .access import READERS

        timekeeping.keep_time(keeping.Keeper())

        navigation.register(
            navigation.Entry(
                _("工作日历与预警"), "clocks-calendar", READERS, icon="calendar", order=820, group=_("管理")
            )
        )
        navigation.register(
            navigation.Entry(
                _("通知"), "clocks-notices", icon="bell", order=10, place=navigation.PERSON, count=desk.count_of_notices
            )
        )
        panels.register("case", "main", desk.clocks_panel, order=30)
