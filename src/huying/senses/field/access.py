"""Who may see and do what in the field. A stranger gets the answer of something that is not there."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from django.db.models import DateTimeField, Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext_lazy as _

from huying.ground.organisation import rules as organisation
from huying.ground.organisation.models import Appointment, Person
from huying.kernel.actor import Actor, Duty
from huying.kernel.errors import Forbidden, NotFound
from huying.kernel.files import allow_files
from huying.kernel.models import StoredFile
from huying.senses.forms.models import Submission

from .models import CheckIn, Checkpoint, Dispute, DutySpell, Finding, Plan, Round, SpotCheck, Task

OVERSEERS = ("grid_lead", "centre_lead", "supervisor")
PLANNERS = ("grid_lead", "centre_lead")
POLICY_SETTERS = ("centre_lead",)
WORKERS = ("grid_worker", "grid_lead", "assistant")
_READS = "scope:field:read"
M = TypeVar("M", bound=Model)


def areas_of(actor: Actor, *roles: str) -> list[str]:
    """The areas somebody holds one of these roles over; a key reads the areas of its scope."""
    wanted = (_READS,) if actor.kind == "key" else roles
    return sorted({duty.area for duty in actor.duties_of(*wanted)})


def within(actor: Actor, *roles: str) -> Q:
    """The condition that something lies where the actor holds one of these roles."""
    if actor.is_system:
        return Q()
    found = Q(pk__in=[])
    for area in areas_of(actor, *roles):
        if not area:
            return Q()
        found |= Q(area__startswith=area)
    return found


def within_units(actor: Actor, column: str, *moments: str) -> Q:
    """The same for work of overseen people: where the actor oversees, done by somebody who was then of their units.

    ``column`` names the person of a row, ``moments`` when the work was done, the first that says so; a row of nobody lies
    in every unit.
    """
    if actor.is_system or actor.kind == "key":
        return within(actor, *OVERSEERS)
    found = Q(pk__in=[])
    for duty in actor.duties_of(*OVERSEERS):
        theirs = Q()
        if duty.unit_path:
            serves = Appointment.objects.filter(person=OuterRef(column), role__in=WORKERS)
            serves = serves.filter(_held_on(moments))
            theirs = Q(Exists(serves.filter(unit__path__startswith=duty.unit_path))) | Q(**{f"{column}__isnull": True})
        found |= Q(area__startswith=duty.area) & theirs
    return found


def _held_on(moments: Sequence[str]) -> Q:
    """The condition that an appointment was held on the day of the work, in the place's own time zone."""
    at = Coalesce(*map(OuterRef, moments), None, output_field=DateTimeField())
    day = TruncDate(at)
    return Q(valid_from__lte=day) & (Q(valid_to__isnull=True) | Q(valid_to__gt=day))


def worker(ref: str, on: date) -> Actor:
    """Who ``person:12`` is and holds on a day: for what follows later from something they sent."""
    rows = list(
        Appointment.objects.on(on)
        .filter(person=int(ref.removeprefix("person:")) if ref.removeprefix("person:").isdecimal() else 0)
        .order_by("post__rank", "id")
        .values_list("role", "area", "unit_id", "unit__path", "person_id", "person__name")
    )
    if not rows:
        return Actor("staff", ref, "")
    duties = tuple(
        Duty(role, area, unit, organisation.duty_scope(role, path)) for role, area, unit, path, *_rest in rows
    )
    return Actor("staff", ref, rows[0][5], unit_id=rows[0][2], person_id=rows[0][4], duties=duties)


def must_oversee(actor: Actor) -> None:
    """The supervisors' pages are for those who oversee an area, and for systems with the scope."""
    if not actor.is_system and not areas_of(actor, *OVERSEERS):
        raise NotFound(code="field_not_found")


def must_plan(actor: Actor) -> None:
    if not organisation.may_somewhere(actor, "plan.edit"):
        raise NotFound(code="plan_not_found")


def must_plan_in(actor: Actor, area: str) -> None:
    """Forbidden unless the actor plans for all of an area; to which unit they belong does not matter."""
    if not actor.is_system and not any(area.startswith(duty.area) for duty in actor.duties_of(*PLANNERS)):
        raise Forbidden(_("您不能为这个区域制定计划"), code="not_your_area")


def must_work(actor: Actor) -> int:
    """The person in the field; Forbidden for anybody else."""
    if actor.person_id is None or not organisation.may_somewhere(actor, "field.work"):
        raise Forbidden(_("您现在没有网格任职"), code="no_field_duty")
    return actor.person_id


def must_serve(actor: Actor) -> int:
    """Whoever has times on duty: people in the field, and those who oversee them from a desk."""
    if actor.person_id is not None and areas_of(actor, *OVERSEERS):
        return actor.person_id
    return must_work(actor)


def must_set_policy(actor: Actor) -> None:
    """The limits hold for the whole place: whoever leads the centre sets them."""
    must_oversee(actor)
    if not actor.is_system and not areas_of(actor, *POLICY_SETTERS):
        raise Forbidden(_("只有中心负责人可以改当地参数"), code="not_your_policy")


def must_derive(actor: Actor) -> None:
    """Deriving is the program's own work."""
    if not actor.is_system:
        raise Forbidden()


def overseen_tasks(actor: Actor) -> QuerySet[Task]:
    return Task.objects.filter(within(actor, *OVERSEERS))


def overseen_findings(actor: Actor) -> QuerySet[Finding]:
    return Finding.objects.filter(within(actor, *OVERSEERS))


def overseen_check_ins(actor: Actor) -> QuerySet[CheckIn]:
    return CheckIn.objects.filter(within_units(actor, "person", "at"))


def overseen_spot_checks(actor: Actor) -> QuerySet[SpotCheck]:
    return SpotCheck.objects.filter(within_units(actor, "person", "task__done_at", "check_in__at"))


def visible_plans(actor: Actor) -> QuerySet[Plan]:
    """Plans inside the overseer's area, and wider ones that ask for something there."""
    if actor.is_system:
        return Plan.objects.all()
    found = Q(pk__in=[])
    for area in areas_of(actor, *OVERSEERS):
        found |= Q(area__startswith=area) | Q(area__in=organisation.prefixes(area))
    return Plan.objects.filter(found)


def visible_rounds(actor: Actor) -> QuerySet[Round]:
    return Round.objects.filter(within(actor, *OVERSEERS))


def get_plan(actor: Actor, code: str) -> Plan:
    return _only(visible_plans(actor).filter(code=code), "plan_not_found")


def get_round(actor: Actor, code: str) -> Round:
    return _only(visible_rounds(actor).filter(code=code).prefetch_related("checkpoints"), "round_not_found")


def get_check_in(actor: Actor, pk: int) -> CheckIn:
    return _only(overseen_check_ins(actor).select_related("person", "checkpoint").filter(pk=pk), "check_in_not_found")


def get_spot_check(actor: Actor, pk: int) -> SpotCheck:
    return _only(overseen_spot_checks(actor).filter(pk=pk), "spot_check_not_found")


def overseen_done(actor: Actor) -> QuerySet[Task]:
    """Tasks with what shows how they were done, which is for the unit of whoever did them."""
    return Task.objects.filter(within_units(actor, "done_by", "done_at"))


def get_task(actor: Actor, uid: UUID) -> Task:
    """A task for judging by its evidence: in an area the actor oversees, done by nobody or by one of their units."""
    return _only(overseen_done(actor).select_related("plan", "done_by").filter(uid=uid), "task_not_found")


def own_judged(actor: Actor, about: str, pk: int) -> CheckIn | SpotCheck:
    """The actor's own work that somebody judged, locked; NotFound for everything else."""
    own = {"person": actor.person_id or 0, "pk": pk}
    if about == "check_in":
        judged = CheckIn.objects.select_for_update(of=("self",)).filter(**own, looked_at__isnull=False)
        return _only(judged, "check_in_not_found")
    checked = SpotCheck.objects.select_for_update(of=("self",)).filter(**own, checked_at__isnull=False)
    return _only(checked if about == "spot" else checked.none(), "spot_check_not_found")


def overseen_disputes(actor: Actor) -> QuerySet[Dispute]:
    """Corrections to decide on: in the areas the actor may correct forms of at any time."""
    return Dispute.objects.filter(within(actor, *OVERSEERS))


def get_dispute(actor: Actor, pk: int) -> Dispute:
    return _only(overseen_disputes(actor).filter(pk=pk), "dispute_not_found")


def own_dispute(actor: Actor, pk: int) -> Dispute:
    return _only(Dispute.objects.filter(by=actor.ref, pk=pk), "dispute_not_found")


def own_submission(actor: Actor, uid: UUID) -> Submission:
    """A form the actor filled in."""
    rows = Submission.objects.select_related("version").defer("version__source", "private")
    return _only(rows.filter(by=actor.ref, uid=uid), "submission_not_found")


def workable_tasks(actor: Actor) -> Q:
    """The condition of the tasks somebody may do: in their area, for one of their roles, or named after them."""
    mine = Q(assignee=actor.person_id)
    for role in WORKERS:
        for duty in actor.duties_of(role):
            mine |= Q(area__startswith=duty.area, roles__contains=[role], assignee__isnull=True)
    return mine


def task_to_do(actor: Actor, uid: UUID) -> Task:
    """A task for whoever may do it; NotFound for anybody else."""
    rows = Task.objects.select_for_update(of=("self",)).filter(uid=uid)
    return _only(rows if actor.is_system else rows.filter(workable_tasks(actor)), "task_not_found")


def checkpoint_to_pass(actor: Actor, uid: UUID) -> Checkpoint:
    """A checkpoint in an area somebody works in."""
    rows = Checkpoint.objects.select_related("round").filter(within(actor, *WORKERS), uid=uid, active=True)
    return _only(rows, "checkpoint_not_found")


def positions_of(person_id: int) -> str:
    """Under which name looks at somebody's positions are written down."""
    return f"positions:{person_id}"


def overseen_workers(actor: Actor, on: date) -> QuerySet[Appointment]:
    """Appointments in the field, in force on a day, in the areas and units the actor oversees."""
    reach = Q() if actor.is_system else Q(pk__in=[])
    for duty in actor.duties_of(*OVERSEERS):
        reach |= Q(area__startswith=duty.area, unit__path__startswith=duty.unit_path)
    return Appointment.objects.on(on).filter(reach, role__in=WORKERS)


def must_see_positions(actor: Actor, person: Person, on: date) -> bool:
    """Whether a look at where somebody was on a day has to be logged: not one's own. NotFound for who may not look.

    Overseers look only while they are on duty themselves, and only at people who worked in their area and unit that day.
    """
    if actor.person_id == person.pk:
        return False
    serves = DutySpell.objects.filter(person=actor.person_id or 0, ended_at__isnull=True)
    if not serves.exists() or not overseen_workers(actor, on).filter(person=person).exists():
        raise NotFound(code="positions_not_found")
    return True


@allow_files("task")
def may_see_file(actor: Actor, file: StoredFile) -> bool:
    """Pictures of what somebody saw at a task: for who did it and who oversees the place and them."""
    number = file.subject.partition(":")[2]
    seen = within_units(actor, "done_by", "done_at") | (
        Q(done_by=actor.person_id) if actor.person_id is not None else Q(pk__in=[])
    )
    return number.isdecimal() and Task.objects.filter(seen, pk=int(number)).exists()


@allow_files("checkin")
def may_see_evidence(actor: Actor, file: StoredFile) -> bool:
    """Pictures of a check-in: for who took them and who oversees the place and them."""
    number = file.subject.partition(":")[2]
    seen = within_units(actor, "person", "at") | (
        Q(person=actor.person_id) if actor.person_id is not None else Q(pk__in=[])
    )
    return number.isdecimal() and CheckIn.objects.filter(seen, pk=int(number)).exists()


def _only(rows: QuerySet[M], code: str) -> M:
    found = rows.first()
    if found is None:
        raise NotFound(code=code)
    return found
