from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DispatchConfig(AppConfig):
    name = "huying.casework.dispatch"
    label = "dispatch"
    verbose_name = _("分拨")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell import navigation, panels

        from .access import DISPATCHERS, POLICY_EDITORS, TRYERS
        from .desk import checks, queue, steps

        entry = navigation.Entry
        navigation.register(
            entry(
                _("分拨台"),
                "dispatch-queue",
                DISPATCHERS,
                icon="send",
                order=5,
                count=queue.count_of_waiting,
                starts=("dispatcher",),
            )
        )
        navigation.register(
            entry(
                _("核查"),
                "checks",
                ("checker",),
                icon="check-circle",
                order=6,
                count=checks.count_to_check,
                starts=("checker",),
            )
        )
        navigation.register(entry(_("试分拨"), "dispatch-try", TRYERS, icon="search", order=40))
        navigation.register(
            entry(
                _("分拨规则"),
                "dispatch-policies",
                (*DISPATCHERS, *POLICY_EDITORS),
                icon="gear",
                order=815,
                group=_("管理"),
            )
        )
        panels.register("case", "actions", steps.steps_panel, order=10)
