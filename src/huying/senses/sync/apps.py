from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SyncConfig(AppConfig):
    name = "huying.senses.sync"
    label = "sync"
    verbose_name = _("离线同步")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell.navigation import Entry, register

        from .rules import WATCHING

        group = _("网格一线")
        register(Entry(_("手机"), "sync-devices", WATCHING, icon="phone", order=380, group=group))
        register(Entry(_("没有收下的操作"), "sync-operations", WATCHING, icon="return", order=390, group=group))
