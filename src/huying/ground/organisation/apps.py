from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganisationConfig(AppConfig):
    name = "huying.ground.organisation"
    label = "organisation"
    verbose_name = "组织岗位"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from huying.shell.navigation import PERSON, Entry, register

        from .rules import CAPABILITIES

        viewers = tuple(role for role, held in CAPABILITIES.items() if "organisation.view" in held)
        group = _("底座")
        begin = ("organisation_editor", "admin")
        tree = Entry(
            _("组织与单位"), "organisation-tree", viewers, icon="building", order=610, group=group, starts=begin
        )
        register(tree)
        register(Entry(_("人员"), "organisation-people", viewers, icon="people", order=620, group=group))
        register(Entry(_("值班表"), "organisation-rota", viewers, icon="calendar", order=630, group=group))
        register(Entry(_("责任清单"), "organisation-responsibilities", viewers, icon="scale", order=640, group=group))
        register(Entry(_("准入清单"), "organisation-admissions", viewers, icon="check-circle", order=650, group=group))
        register(Entry(_("网格配备"), "organisation-staffing", viewers, icon="layers", order=660, group=group))
        register(Entry(_("接口密钥"), "organisation-keys", ("admin",), icon="lock", order=690, group=group))
        register(Entry(_("我的账号"), "my-account", icon="person", order=900, place=PERSON))
