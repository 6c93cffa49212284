"""The first hour of a new place: the catalogue and forms that come with the program, one centre, its first administrator."""

from __future__ import annotations

from typing import Final

import click

from huying.kernel.console import Console, instance_command

ROLES: Final = ("admin", "organisation_editor", "territory_editor", "catalogue_editor", "centre_lead")


@instance_command("found")
@click.argument("username")
@click.option("--area", required=True, help="中心服务的区域编码 / code of the area the centre serves")
@click.option("--centre", required=True, help="中心名称 / name of the centre")
@click.option("--code", default="CENTRE", show_default=True, help="中心的单位代码 / code of the centre's unit")
def found(console: Console, username: str, area: str, centre: str, code: str) -> None:
    """建起一个新地方：发布目录和表单，设中心，任命首位管理员 / publish catalogue and forms, found the centre, appoint USERNAME.

    账号先用 `huying users add` 开通；重复运行不会重复。
    """
    from huying.kernel.errors import HuyingError

    try:
        summary = found_place(username, area=area, centre=centre, code=code)
    except HuyingError as error:
        raise click.ClickException(str(error)) from error
    console.done(summary, area=area, unit=code)


def found_place(username: str, *, area: str, centre: str, code: str) -> str:
    """Publish the seed catalogue and the shipped forms, name the posts, found the centre, appoint the account's person.

    One transaction.
    """
    from django.db import transaction

    from huying.casework.catalogue.actions import import_seed
    from huying.ground.accounts.models import User
    from huying.ground.organisation import actions
    from huying.ground.organisation.models import Person, Post, Unit
    from huying.ground.organisation.rules import ROLE_CHOICES
    from huying.kernel import clock
    from huying.kernel.actor import system
    from huying.kernel.errors import NotFound
    from huying.senses.forms.actions import load_shipped

    author, now = system("founding"), clock.now()
    user = User.objects.staff().filter(username=username.strip().lower()).first()
    if user is None:
        raise NotFound(f"There is no member of staff called {username}. `huying users add` makes one.")
    with transaction.atomic():
        version = import_seed(actor=author, now=now)
        load_shipped(actor=author, now=now)
        for role, label in ROLE_CHOICES:
            Post.objects.get_or_create(code=role, defaults={"name": str(label), "role": role})
        unit = Unit.objects.filter(code=code).first() or actions.create_unit(
            actor=author, now=now, code=code, name=centre, kind="centre", level="L4", area=area
        )
        if Person.objects.filter(user=user).exists():
            return f"{unit.name} stands already, and {username} has a person; nothing changed"
        person = actions.add_person(
            actor=author, now=now, unit=unit, number="0001", name=user.name or username, user_id=user.pk
        )
        for role in ROLES:
            actions.appoint_person(
                actor=author, now=now, person=person, unit=unit, post=Post.objects.get(code=role), role=role
            )
    return f"catalogue version {version.number}, {unit.name} ({area}), {person.name} with {len(ROLES)} duties"


commands = [found]
