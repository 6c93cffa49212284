from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FieldConfig(AppConfig):
    name = "huying.senses.field"
    label = "field"
    verbose_name = _("网格巡查")
    default_auto_field = "django.db.models.BigAutoField"
