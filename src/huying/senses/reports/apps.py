from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "huying.senses.reports"
    label = "reports"
    verbose_name = _("诉求")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell import navigation, panels

        from . import desk, desk_calls, doors  # noqa: F401 - doors opens the live topic of tracking codes
        from .desk_queries import CALLERS

        navigation.register(
            navigation.Entry(_("回访"), "calls", CALLERS, icon="phone", order=7, count=desk_calls.count_to_call)
        )
        panels.register("case", "main", desk.voices_panel, order=10)
        panels.register("waiting", "words", desk.others_panel)
