from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "huying.senses.imports"
    label = "imports"
    verbose_name = "批量导入"
    default_auto_field = "django.db.models.BigAutoField"
