from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FieldConfig(AppConfig):
    name = "huying.senses.field"
    label = "field"
    verbose_name = _("网格巡查")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.senses.sync.rules import FIELD_ROLES
        from huying.shell import navigation, panels

        from . import appliers, offers, offers_own  # noqa: F401 - they register what phones do and hold
        from .access import OVERSEERS, WORKERS
        from .desk import amending, disputes, front

        app = navigation.Entry(_("手机工作页"), "field-app", FIELD_ROLES, icon="phone", order=2)
        begin = ("grid_lead",)
        board = navigation.Entry(_("网格工作"), "field-board", OVERSEERS, icon="map", order=70, starts=begin)
        navigation.register(app)
        navigation.register(board)
        panels.register("inbox", "top", front.way_to_phone, order=10)
        navigation.register(navigation.Entry(_("对我工作的核实"), "field-own", WORKERS, icon="check-circle", order=74))
        panels.register("submission", "actions", amending.offer_panel, order=10)
        panels.register("submission", "actions", disputes.waiting, order=5)
        panels.register("submission", "main", disputes.panel, order=5)
        panels.register("submission", "main", amending.consequences_panel, order=10)
