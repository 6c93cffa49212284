from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PortalConfig(AppConfig):
    name = "huying.senses.portal"
    label = "portal"
    verbose_name = _("居民门户")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell import navigation

        from .portal import place_name

        entries = (
            navigation.Entry(_("首页"), "home", icon="home", order=10, place=navigation.PORTAL),
            navigation.Entry(
                pgettext_lazy("menu", "我要反映"), "report", icon="megaphone", order=20, place=navigation.PORTAL
            ),
            navigation.Entry(pgettext_lazy("menu", "我的事项"), "mine", icon="list", order=30, place=navigation.PORTAL),
            navigation.Entry(_("身边的事"), "around", icon="map", order=40, place=navigation.PORTAL),
            navigation.Entry(_("找人"), "call", icon="phone", order=50, place=navigation.PORTAL),
        )
        for entry in entries:
            navigation.register(entry)
        navigation.register_place_name(place_name)
