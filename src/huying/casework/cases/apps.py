from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasesConfig(AppConfig):
    name = "huying.casework.cases"
    label = "cases"
    verbose_name = _("事件")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.ground.organisation import naming as naming_below
        from huying.shell import navigation, panels

        from . import doors, handlers, naming  # noqa: F401 - doors opens live topics, files and chains
        from .desk.inbox import count_of_waiting
        from .desk.subjects import on_device, on_record

        naming_below.register("verb", naming.acts)
        naming_below.register("chain", naming.numbers)
        navigation.register(navigation.Entry(_("事件"), "cases-inbox", icon="inbox", order=10, count=count_of_waiting))
        navigation.register(navigation.Entry(_("地图"), "cases-map", icon="map", order=15))
        panels.register("registry", "main", on_record, order=50)
        panels.register("device", "side", on_device, order=50)
        navigation.register_search(navigation.SearchTarget("cases-inbox", "q", _("编号、地点、内容")))
