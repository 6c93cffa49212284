from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class FormsConfig(AppConfig):
    name = "huying.senses.forms"
    label = "forms"
    verbose_name = _("检查与采集表单")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell import navigation

        from . import doors  # noqa: F401 - opens the files of submissions
        from .access import EDITORS, WATCHERS

        navigation.register(
            navigation.Entry(
                pgettext_lazy("menu", "表单"),
                "forms-list",
                tuple(dict.fromkeys((*EDITORS, *WATCHERS))),
                icon="document",
                order=72,
            )
        )
        navigation.register(navigation.Entry(_("填报记录"), "forms-submissions", WATCHERS, icon="list", order=73))
