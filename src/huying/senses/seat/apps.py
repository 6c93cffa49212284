from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SeatConfig(AppConfig):
    name = "huying.senses.seat"
    label = "seat"
    verbose_name = _("坐席")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell import navigation

        navigation.register(navigation.Entry(_("接听来电"), "seat", ("seat",), icon="phone", order=4, starts=("seat",)))
