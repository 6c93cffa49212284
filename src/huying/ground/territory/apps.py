from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TerritoryConfig(AppConfig):
    name = "huying.ground.territory"
    label = "territory"
    verbose_name = _("区域网格")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.ground.territory.access import EDITOR_ROLES
        from huying.shell import navigation

        navigation.register(
            navigation.Entry(
                _("区域网格"),
                "territory",
                (*EDITOR_ROLES, "centre_lead"),
                icon="map",
                order=600,
                group=_("底座"),
                starts=("territory_editor",),
            )
        )
