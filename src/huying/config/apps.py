from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "huying.config"
    label = "config"
    verbose_name = "呼应"
    default_auto_field = "django.db.models.BigAutoField"
