from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UnderstandingConfig(AppConfig):
    name = "huying.casework.understanding"
    label = "understanding"
    verbose_name = _("读懂")
    default_auto_field = "django.db.models.BigAutoField"
