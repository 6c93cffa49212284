from django.apps import AppConfig


class SeatConfig(AppConfig):
    name = "huying.senses.seat"
    label = "seat"
    verbose_name = "坐席"
    default_auto_field = "django.db.models.BigAutoField"
