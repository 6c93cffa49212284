from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "huying.senses.portal"
    label = "portal"
    verbose_name = "居民门户"
    default_auto_field = "django.db.models.BigAutoField"
