from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SyncConfig(AppConfig):
    name = "huying.senses.sync"
    label = "sync"
    verbose_name = _("离线同步")
    default_auto_field = "django.db.models.BigAutoField"
