from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SupervisionConfig(AppConfig):
    name = "huying.casework.supervision"
    label = "supervision"
    verbose_name = _("督办")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell import navigation, panels

        from . import desk, live  # noqa: F401 - live registers who may listen
        from .access import READERS, UNIT_ROLES

        begin = ("supervisor",)
        board = navigation.Entry(_("督办"), "supervision-board", READERS, icon="flag", order=60, starts=begin)
        navigation.register(board)
        navigation.register(
            navigation.Entry(
                _("督办单"),
                "supervision-orders",
                (*READERS, *UNIT_ROLES),
                icon="flag",
                order=61,
                count=desk.count_of_orders,
            )
        )
        panels.register("case", "main", desk.orders_panel, order=40)
