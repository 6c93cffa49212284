from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UnderstandingConfig(AppConfig):
    name = "huying.casework.understanding"
    label = "understanding"
    verbose_name = _("读懂")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell import navigation, panels

        from .access import READERS
        from .desk_advice import once_given, while_writing

        entry = navigation.Entry
        navigation.register(entry(_("读懂得怎样"), "understanding", READERS, icon="chart", order=820, group=_("管理")))
        panels.register("case-step", "give_feedback", while_writing)
        panels.register("case", "main", once_given, order=35)
        panels.register("check", "main", once_given)
