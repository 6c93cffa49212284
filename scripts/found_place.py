"""The first hour of a new place: the catalogue that comes with the program, one centre, its first administrator.

    huying users add zhang --name 张建国
    HUYING_DATA_DIR=/var/lib/huying python scripts/found_place.py zhang --area 990001 --centre 澄江区社会治理中心

Running it again changes nothing. Everything after it is done on the organisation pages, by that administrator.
"""

from __future__ import annotations

import argparse
import os
from typing import Final

ROLES: Final = ("admin", "organisation_editor", "territory_editor", "catalogue_editor", "centre_lead")


def found(username: str, *, area: str, centre: str, code: str) -> str:
    """Publish the seed catalogue, name the posts, found the centre, appoint the account's person. One transaction."""
    from django.db import transaction

    from huying.casework.catalogue.actions import import_seed
    from huying.ground.accounts.models import User
    from huying.ground.organisation import actions
    from huying.ground.organisation.models import Person, Post, Unit
    from huying.ground.organisation.rules import ROLE_CHOICES
    from huying.kernel import clock
    from huying.kernel.actor import system

    author, now = system("founding"), clock.now()
    user = User.objects.get(username=username)
    with transaction.atomic():
        version = import_seed(actor=author, now=now)
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


def main() -> None:
    """Read the command line, start Django, found the place."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("username", help="an account opened with `huying users add`")
    parser.add_argument("--area", required=True, help="code of the area the centre serves, such as 990001")
    parser.add_argument("--centre", required=True, help="name of the centre")
    parser.add_argument("--code", default="CENTRE", help="code of the centre's unit")
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "huying.config.settings")
    import django

    django.setup()
    print(found(chosen.username, area=chosen.area, centre=chosen.centre, code=chosen.code))


if __name__ == "__main__":
    main()
