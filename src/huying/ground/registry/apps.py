from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    name = "huying.ground.registry"
    label = "registry"
    verbose_name = _("基础信息")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.ground.organisation.rules import CAPABILITIES
        from huying.shell.navigation import Entry, register

        from .access import IMPORT, OVERSEE, VIEW
        from .desk.log import READERS
        from .desk.proposals import waiting

        def holders(capability: str) -> tuple[str, ...]:
            return tuple(role for role, held in CAPABILITIES.items() if capability in held)

        group = _("基础信息")
        view, decide = holders(VIEW), holders("registry.decide")
        begin = ("registry_editor",)
        register(Entry(_("查找和登记"), "registry-home", view, icon="search", order=500, group=group, starts=begin))
        seers = tuple(dict.fromkeys((*view, *holders(OVERSEE))))
        register(Entry(_("底数掌握"), "registry-knowledge", seers, icon="chart", order=505, group=group))
        register(
            Entry(
                _("待审核的修改"),
                "registry-proposals",
                holders("registry.propose"),
                icon="inbox",
                order=510,
                group=group,
                count=waiting,
            )
        )
        register(Entry(_("批量导入"), "registry-imports", holders(IMPORT), icon="upload", order=515, group=group))
        register(Entry(_("可能重复"), "registry-duplicates", decide, icon="merge", order=520, group=group))
        register(Entry(_("居民的申请"), "registry-requests", decide, icon="person", order=530, group=group))
        register(Entry(_("谁看过个人信息"), "registry-log", READERS, icon="eye", order=540, group=group))
