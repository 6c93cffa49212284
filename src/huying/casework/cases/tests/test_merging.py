"""Merging needs sight of both cases, and is undone from the outside in, while the other one can still be changed."""

from __future__ import annotations

import pytest

from huying.casework.cases import actions
from huying.casework.cases.factories import LIUAN, NOW, QIAODONG, Cast
from huying.casework.cases.models import Case
from huying.casework.cases.rules import Action
from huying.casework.cases.turns import allowed
from huying.kernel.actor import Actor, Duty

from .conftest import HOUR, Bring, entries, untouched

LATER = NOW + 9 * HOUR


def dispatcher_of(area: str) -> Actor:
    return Actor("staff", "person:900", "社区分拨", duties=(Duty("dispatcher", area),))


def test_nobody_merges_into_a_case_they_may_not_see(cast: Cast, bring: Bring) -> None:
    """Neither its number nor its state is learnt, and its count stays."""
    here, elsewhere = bring("pending"), bring("pending")
    Case.objects.filter(pk=elsewhere.pk).update(community=QIAODONG, grid="")
    of_liuan = dispatcher_of(LIUAN)
    merge = {"actor": of_liuan, "now": LATER}
    untouched(here, lambda: actions.merge_case(here.pk, into_id=elsewhere.pk, **merge), "case_not_found")
    untouched(here, lambda: actions.merge_case(here.pk, into_id=elsewhere.pk + 99, **merge), "case_not_found")
    assert (Case.objects.get(pk=elsewhere.pk).reports, entries(elsewhere)) == (1, ["open"])
    near = bring("pending")
    actions.merge_case(here.pk, into_id=near.pk, **merge)
    assert Case.objects.get(pk=here.pk).merged_into == near


def test_a_chain_of_merges_is_undone_from_its_end(cast: Cast, bring: Bring) -> None:
    first, middle, last = bring("pending"), bring("pending"), bring("pending")
    by = {"actor": cast.li_dispatcher, "now": LATER}
    actions.merge_case(first.pk, into_id=middle.pk, **by)
    actions.merge_case(middle.pk, into_id=last.pk, **by)
    untouched(first, lambda: actions.unmerge_case(first.pk, reason="是另一处", **by), "target_merged")
    assert Action.UNMERGE not in allowed(Case.objects.get(pk=first.pk), cast.li_dispatcher, LATER)
    actions.unmerge_case(middle.pk, reason="是另一处", **by)
    actions.unmerge_case(first.pk, reason="是另一处", **by)
    assert set(Case.objects.values_list("state", flat=True)) == {"pending"}


def test_what_was_archived_together_stays_together(cast: Cast, bring: Bring) -> None:
    case, into = bring("pending"), bring("checking")
    by = {"actor": cast.li_dispatcher, "now": LATER}
    actions.merge_case(case.pk, into_id=into.pk, **by)
    actions.pass_check(into.pk, actor=cast.sun_checker, now=LATER)
    actions.record_return_call(into.pk, reached=True, actor=cast.wang_seat, now=LATER)
    actions.archive_case(into.pk, actor=cast.wang_seat, now=LATER)
    untouched(case, lambda: actions.unmerge_case(case.pk, reason="是另一处", **by), "target_archived")
    assert entries(into)[-1] == "archive"


@pytest.mark.parametrize("state", ["handling", "closed"])
def test_from_any_other_state_it_is_taken_out_again(cast: Cast, bring: Bring, state: str) -> None:
    case, into = bring("pending"), bring("handling" if state == "handling" else "checking")
    by = {"actor": cast.li_dispatcher, "now": LATER}
    actions.merge_case(case.pk, into_id=into.pk, **by)
    if state == "closed":
        actions.pass_check(into.pk, actor=cast.sun_checker, now=LATER)
    actions.unmerge_case(case.pk, reason="是另一处", **by)
    assert Case.objects.get(pk=case.pk).state == "pending"
    assert entries(into)[-1] == "release"
