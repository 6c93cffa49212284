from django.apps import AppConfig


class DispatchConfig(AppConfig):
    name = "huying.casework.dispatch"
    label = "dispatch"
    verbose_name = "分拨"
    default_auto_field = "django.db.models.BigAutoField"
