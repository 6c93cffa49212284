from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FormsConfig(AppConfig):
    name = "huying.senses.forms"
    label = "forms"
    verbose_name = _("检查与采集表单")
    default_auto_field = "django.db.models.BigAutoField"
