from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UnderstandingConfig(AppConfig):
    name = "huying.casework.understanding"
    label = "understanding"
    verbose_name = _("读懂")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell import navigation, panels

        from .access import AUDITORS, OF_RECURRING, READERS
        from .desk_advice import once_given, while_writing
        from .desk_reading import below_facts
        from .desk_recurring import on_case
        from .desk_similar import beside, on_map

        entry = navigation.Entry
        navigation.register(entry(_("读懂得怎样"), "understanding", READERS, icon="chart", order=820, group=_("管理")))
        recurring = entry(_("反复发生"), "understanding-recurring", OF_RECURRING, icon="refresh", order=36)
        navigation.register(recurring)
        navigation.register(entry(_("答复抽查"), "understanding-answers", AUDITORS, icon="document", order=37))
        panels.register("case", "main", on_case, order=5)
        panels.register("case", "words", below_facts)
        panels.register("waiting", "words", below_facts)
        panels.register("case-step", "give_feedback", while_writing)
        panels.register("case-step", "answer", while_writing)
        panels.register("case", "main", once_given, order=35)
        panels.register("check", "main", once_given)
        panels.register("case", "similar", beside)
        panels.register("case", "map", on_map)
