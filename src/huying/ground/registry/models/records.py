"""The records themselves. Kinds and fields: ``fields.FIELDS``; guards that models cannot say: migration 0002."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from huying.ground.organisation.models import Person
from huying.ground.registry import choices as words

from .record import Record


def _ref(to: str, related: str = "+", *, null: bool = False, indexed: bool = True) -> Any:
    """A pointer by uid, which a phone knows, and never by the number of a row."""
    return models.ForeignKey(
        to, to_field="uid", null=null, on_delete=models.PROTECT, related_name=related, db_index=indexed
    )


def _known(name: str, field: str, choices: words.Choices, *, empty: bool = True) -> models.CheckConstraint:
    codes = [code for code, _label in choices]
    return models.CheckConstraint(name=name, condition=Q(**{f"{field}__in": [*codes, ""] if empty else codes}))


def _find() -> Any:
    """Keyed search tokens, see ``tokens.py``."""
    return ArrayField(models.BigIntegerField(), default=list)


def _reachable() -> Any:
    """Whether a number to call is among the sealed values: known without opening them."""
    return models.BooleanField(default=False)


def _kept(name: str) -> models.Index:
    """Ended things that still say whom to call, by the day they ended: what retention looks for every night."""
    ended = Q(state__in=["ended", "merged"], private__isnull=False)
    return models.Index(fields=["ended_on", "id"], name=f"registry_{name}_kept", condition=ended)


def _ended(name: str) -> models.Index:
    return models.Index(fields=["ended_on", "id"], name=f"registry_{name}_ended", condition=Q(state="ended"))


def _point(name: str) -> models.CheckConstraint:
    whole = Q(lon__isnull=False, lat__isnull=False, lon__gte=-180, lon__lte=180, lat__gte=-90, lat__lte=90)
    return models.CheckConstraint(name=name, condition=Q(lon__isnull=True, lat__isnull=True) | whole)


class Premises(Record):
    """房屋场所: one place in the tree compound – building – unit – floor – room, or a shop, a site … of its own.

    ``address`` is the full text from the top down; ``code`` is public and stands in the QR code at the door.
    """

    KIND = "premises"

    code = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=10, choices=words.PREMISES_KINDS)
    name = models.CharField(max_length=80)
    address = models.CharField(max_length=300)
    parent = _ref("self", "children", null=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    use = models.CharField(max_length=12, choices=words.USES, blank=True, default="")
    risk = models.CharField(max_length=6, choices=words.RISKS, blank=True, default="")
    small_kind = models.CharField(max_length=8, choices=words.SMALL_KINDS, blank=True, default="")
    floor_area = models.FloatField(null=True)
    height = models.FloatField(null=True)
    fire_class = models.CharField(max_length=1, choices=words.FIRE_CLASSES, blank=True, default="")
    reachable = _reachable()
    find = _find()

    class Meta(Record.Meta):
        constraints: ClassVar = [
            *Record.Meta.constraints,
            _known("registry_premises_kind_known", "kind", words.PREMISES_KINDS, empty=False),
            _known("registry_premises_risk_known", "risk", words.RISKS),
            _known("registry_premises_small_known", "small_kind", words.SMALL_KINDS),
            _point("registry_premises_point"),
            models.CheckConstraint(name="registry_premises_named", condition=~Q(name="")),
            models.CheckConstraint(
                name="registry_premises_not_own_parent", condition=Q(parent__isnull=True) | ~Q(parent=F("uid"))
            ),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            GinIndex(fields=["find"], name="registry_premises_find"),
            models.Index(fields=["address"], name="registry_premises_address"),
            _kept("premises"),
            models.Index(fields=["kind", "area", "id"], name="registry_premises_kind"),
            models.Index(fields=["risk", "area", "id"], name="registry_premises_risk", condition=~Q(risk="")),
            models.Index(
                fields=["small_kind", "area", "id"], name="registry_premises_small", condition=~Q(small_kind="")
            ),
        ]


class Resident(Record):
    """人员: somebody who lives or works here. Who they are is sealed; ``id_blind`` finds an identity number exactly.

    ``home`` is where they live now (kept with the open residence), ``born_year`` a copy for lists by age.
    """

    KIND = "person"

    sex = models.CharField(max_length=6, choices=words.SEXES, blank=True, default="")
    registration = models.CharField(max_length=10, choices=words.REGISTRATIONS, blank=True, default="")
    home = _ref("registry.Premises", "residents", null=True)
    born_year = models.PositiveSmallIntegerField(null=True)
    id_blind = models.BinaryField(null=True)
    reachable = _reachable()
    find = _find()

    class Meta(Record.Meta):
        constraints: ClassVar = [
            *Record.Meta.constraints,
            models.UniqueConstraint(fields=["id_blind"], name="registry_resident_id_once", condition=Q(state="active")),
            _known("registry_resident_sex_known", "sex", words.SEXES),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            GinIndex(fields=["find"], name="registry_resident_find"),
            models.Index(
                fields=["merged_into"], name="registry_resident_merged_into", condition=Q(merged_into__isnull=False)
            ),
            models.Index(
                fields=["ended_on", "id"],
                name="registry_resident_ended",
                condition=Q(state="ended") & ~Q(ending="erased"),
            ),
            models.Index(
                fields=["id"], name="registry_resident_doubles", condition=Q(state="merged") & ~Q(ending="erased")
            ),
        ]


class Household(Record):
    """住户: people who live together at one address; its members are residences that name it."""

    KIND = "household"

    premises = _ref("registry.Premises", "households")
    kind = models.CharField(max_length=10, choices=words.HOUSEHOLD_KINDS, default="family")
    head = _ref("registry.Resident", "heads", null=True)
    tenure = models.CharField(max_length=10, choices=words.TENURES, blank=True, default="")

    class Meta(Record.Meta):
        indexes: ClassVar = [*Record.Meta.indexes, _kept("household")]


class Organisation(Record):
    """单位组织: a company, a shop's owner, a school … at an address."""

    KIND = "organisation"

    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=words.ORGANISATION_KINDS)
    credit_code = models.CharField(max_length=18, blank=True, default="")
    premises = _ref("registry.Premises", "organisations", null=True)
    reachable = _reachable()
    find = _find()

    class Meta(Record.Meta):
        constraints: ClassVar = [
            *Record.Meta.constraints,
            models.UniqueConstraint(
                fields=["credit_code"],
                name="registry_organisation_code_once",
                condition=Q(state="active") & ~Q(credit_code=""),
            ),
            _known("registry_organisation_kind_known", "kind", words.ORGANISATION_KINDS, empty=False),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            GinIndex(fields=["find"], name="registry_organisation_find"),
            _kept("organisation"),
        ]


class Facility(Record):
    """设施: something fixed that serves or endangers people: a hydrant, a lift, a charging point."""

    KIND = "facility"

    kind = models.CharField(max_length=13, choices=words.FACILITY_KINDS)
    name = models.CharField(max_length=80)
    number = models.CharField(max_length=40, blank=True, default="")
    premises = _ref("registry.Premises", "facilities", null=True)
    lon = models.FloatField(null=True)
    lat = models.FloatField(null=True)
    condition = models.CharField(max_length=6, choices=words.CONDITIONS, blank=True, default="")
    keeper = _ref("registry.Organisation", "keeps", null=True)
    find = _find()

    class Meta(Record.Meta):
        constraints: ClassVar = [
            *Record.Meta.constraints,
            _known("registry_facility_kind_known", "kind", words.FACILITY_KINDS, empty=False),
            _point("registry_facility_point"),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            GinIndex(fields=["find"], name="registry_facility_find"),
        ]


class Relation(Record):
    """亲属与联系人: who stands how to a resident, here or elsewhere; ``emergency_rank`` 1 is called first."""

    KIND = "relation"

    resident = _ref("registry.Resident", "relations")
    kind = models.CharField(max_length=12, choices=words.RELATION_KINDS)
    other = _ref("registry.Resident", "related", null=True)
    emergency_rank = models.PositiveSmallIntegerField(null=True)
    reachable = _reachable()

    class Meta(Record.Meta):
        constraints: ClassVar = [
            *Record.Meta.constraints,
            _known("registry_relation_kind_known", "kind", words.RELATION_KINDS, empty=False),
            models.CheckConstraint(
                name="registry_relation_not_self", condition=Q(other__isnull=True) | ~Q(other=F("resident"))
            ),
            models.CheckConstraint(
                name="registry_relation_rank",
                condition=Q(emergency_rank__isnull=True) | Q(emergency_rank__range=(1, 9)),
            ),
        ]
        indexes: ClassVar = [*Record.Meta.indexes, _ended("relation")]


class Residence(Record):
    """居住与工作: a resident lives or works at premises, or owns or lets them, from ``since`` until before ``until``."""

    KIND = "residence"

    resident = _ref("registry.Resident", "residences")
    premises = _ref("registry.Premises", "residences")
    kind = models.CharField(max_length=5, choices=words.RESIDENCE_KINDS)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    household = _ref("registry.Household", "members", null=True)
    role = models.CharField(max_length=6, choices=words.HOUSEHOLD_ROLES, blank=True, default="")

    class Meta(Record.Meta):
        constraints: ClassVar = [
            *Record.Meta.constraints,
            _known("registry_residence_kind_known", "kind", words.RESIDENCE_KINDS, empty=False),
            models.CheckConstraint(
                name="registry_residence_period",
                condition=Q(until__isnull=True) | Q(since__isnull=True) | Q(until__gte=F("since")),
            ),
            models.UniqueConstraint(
                fields=["resident"],
                name="registry_residence_one_home",
                condition=Q(state="active", kind="lives", until__isnull=True),
            ),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            _ended("residence"),
            models.Index(fields=["until", "id"], name="registry_residence_until", condition=Q(until__isnull=False)),
        ]


class CareEntry(Record):
    """关爱名单: a resident stands on a list by law, for a time. ``until`` is the first day no longer on it."""

    KIND = "care"

    resident = _ref("registry.Resident", "care")
    list = models.CharField(max_length=16, choices=words.CARE_LISTS)
    basis = models.CharField(max_length=200)
    since = models.DateField()
    until = models.DateField()
    responsible = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    visits_every = models.PositiveSmallIntegerField(null=True)

    class Meta(Record.Meta):
        constraints: ClassVar = [
            *Record.Meta.constraints,
            _known("registry_careentry_list_known", "list", words.CARE_LISTS, empty=False),
            models.CheckConstraint(name="registry_careentry_has_basis", condition=~Q(basis="")),
            models.CheckConstraint(name="registry_careentry_expires_later", condition=Q(until__gt=F("since"))),
            models.CheckConstraint(
                name="registry_careentry_visits",
                condition=Q(visits_every__isnull=True) | Q(visits_every__range=(1, 366)),
            ),
            models.UniqueConstraint(
                fields=["resident", "list"], name="registry_careentry_once", condition=Q(state="active")
            ),
        ]
        indexes: ClassVar = [
            *Record.Meta.indexes,
            _ended("careentry"),
            models.Index(fields=["until"], name="registry_careentry_until", condition=Q(state="active")),
            models.Index(fields=["list", "area", "id"], name="registry_careentry_list", condition=Q(state="active")),
        ]


MODELS: Final[dict[str, type[Record]]] = {
    model.KIND: model
    for model in (Premises, Resident, Household, Organisation, Facility, Relation, Residence, CareEntry)
}
