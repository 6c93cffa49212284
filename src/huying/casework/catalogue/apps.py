from __future__ import annotations

from collections.abc import Iterable

from django.apps import AppConfig
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    name = "huying.casework.catalogue"
    label = "catalogue"
    verbose_name = "事项目录"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.casework.catalogue.words import set_language_source
        from huying.ground.organisation import naming
        from huying.shell.navigation import Entry, register

        set_language_source(get_language)
        naming.register("trade", _trades)
        naming.register("item", _items)
        begin = ("catalogue_editor",)
        register(Entry(_("事项目录"), "catalogue-items", icon="book", order=600, group=_("底座"), starts=begin))


def _trades(codes: Iterable[str]) -> dict[str, str]:
    from huying.casework.catalogue.trades import trades

    return {code: trades()[code].label for code in codes if code in trades()}


def _items(codes: Iterable[str]) -> dict[str, str]:
    from huying.casework.catalogue.queries import today

    catalogue = today()
    return {code: catalogue.item(code).label for code in codes if code in catalogue}
