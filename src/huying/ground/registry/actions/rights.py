"""What a resident may ask for: consent given and withdrawn, correction, a copy, erasure (PIPL art. 14–16, 45–47)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext_lazy as _

from huying.ground.registry import access, rules
from huying.ground.registry.models import Consent, Resident, RightsRequest
from huying.kernel import trace
from huying.kernel.actor import Actor
from huying.kernel.errors import Invalid, NotFound, Refused

from .erasing import erase_resident
from .writing import said


def record_consent(
    *, actor: Actor, now: datetime, resident: Resident, purpose: str, notice: str, how: str, guardian: bool = False
) -> Consent:
    """Write down that a resident agreed to one purpose, by which version of the notice. Conflict when it stands already."""
    _may_keep(actor, resident)
    if not purpose.strip() or len(purpose) > 120:
        raise Invalid(_("请写明同意的用途"), code="required", field="purpose")
    if how not in Consent.How.values:
        raise Invalid(_("请选择同意的方式"), code="bad_choice", field="how")
    with said():
        row = Consent.objects.create(
            resident=resident, purpose=purpose.strip(), notice=notice[:40], how=how, guardian=guardian, given_at=now,
            recorded_by=actor.ref,
        )  # fmt: skip
        _note(resident, "consent_given", actor, now)
    return row


def withdraw_consent(*, actor: Actor, now: datetime, consent: Consent) -> Consent:
    """Withdraw, as easily as it was given. Refused when it is withdrawn already."""
    _may_keep(actor, consent.resident)
    with said():
        row = Consent.objects.select_for_update().get(pk=consent.pk)
        if row.withdrawn_at is not None:
            raise Refused(_("这项同意已经撤回"), code="withdrawn_already")
        row.withdrawn_at, row.withdrawn_by = now, actor.ref
        row.save(update_fields=["withdrawn_at", "withdrawn_by"])
        _note(consent.resident, "consent_withdrawn", actor, now)
    return row


def ask_right(*, actor: Actor, now: datetime, kind: str, text: str, resident: Resident | None = None) -> RightsRequest:
    """A resident asks for correction, erasure or a copy; answered within 30 days. Asked twice while open: the first stands.

    The caller has made sure that ``resident`` is who asks (portal) or that staff received the request from them.
    """
    if kind not in RightsRequest.Kind.values:
        raise Invalid(_("请选择申请的类别"), code="bad_choice", field="kind")
    if not 2 <= len(text.strip()) <= 1000:
        raise Invalid(_("请写明申请的内容，2 到 1000 个字"), code="bad_text", field="text")
    if actor.is_staff:
        if resident is None:
            raise Invalid(_("请指明是哪位居民的申请"), code="required", field="resident")
        _may_keep(actor, resident)
    with said():
        waiting = RightsRequest.objects.filter(
            resident=resident, kind=kind, state=RightsRequest.State.OPEN, asked_by=actor.ref
        ).first()
        if waiting is not None:
            return waiting
        return RightsRequest.objects.create(
            resident=resident, kind=kind, area=resident.area if resident else "", asked_by=actor.ref, text=text.strip(),
            asked_at=now, due_at=now + timedelta(days=rules.RIGHTS_DAYS),
        )  # fmt: skip


def answer_right(*, actor: Actor, now: datetime, request_id: int, grant: bool, answer: str) -> RightsRequest:
    """Answer a request. Granting erasure erases; correction is made by ``change`` before. NotFound outside one's areas."""
    with said():
        row: RightsRequest | None = RightsRequest.objects.select_for_update().filter(pk=request_id).first()
        if row is None or not access.may(actor, access.DECIDE, row.area):
            raise NotFound(_("没有这个申请"))
        if row.state != RightsRequest.State.OPEN:
            raise Refused(_("这个申请已经答复"), code="answered_already")
        if len(answer.strip()) < 2:
            raise Invalid(_("请写明答复"), code="required", field="answer")
        if grant and row.kind == RightsRequest.Kind.ERASURE:
            if row.resident is None:
                raise Refused(_("没有找到申请人的登记信息，不能删除"), code="no_record")
            erase_resident(actor=actor, now=now, resident=row.resident, why=answer)
            row.text = None
        row.state = RightsRequest.State.GRANTED if grant else RightsRequest.State.REFUSED
        row.answer, row.answered_by, row.answered_at = answer.strip(), actor.ref, now
        row.save()
    return row


def _may_keep(actor: Actor, resident: Resident) -> None:
    """Staff over the resident's area, or a resident through the portal, who has been recognised as this one before."""
    if actor.is_resident or actor.is_system:
        return
    if not access.may(actor, access.VIEW, resident.area):
        raise NotFound(_("没有这条信息"))
    access.require_over(actor, access.PROPOSE, resident.area)


def _note(resident: Resident, verb: str, actor: Actor, now: datetime) -> None:
    entry = trace.Draft(chain=f"registry:{resident.uid}", verb=verb, actor=actor, at=now, body={"kind": "person"})
    trace.append([entry])
