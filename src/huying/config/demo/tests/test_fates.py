"""What becomes of the reports: proportions, order, states near the end."""

from collections import Counter
from datetime import timedelta
from random import Random

from huying.config.demo import make_reports

from .town import END, PLACES

VERB_LIST = (
    "accept dispatch object objection_accept objection_reject redispatch designate sign note escalate whistle arrive"
    " meeting extension_ask extension_grant suspend milestone suspension_review resume feedback check_fail check_pass"
    " reopen return_call rate archive merge decline transfer transfer_receipt supervise supervise_reply"
)
VERBS = frozenset(VERB_LIST.split())


def test_proportions(reports) -> None:
    total = len(reports)
    marks = Counter(mark for report in reports for mark in report.fate.marks)
    for mark, low, high in (
        ("late", 0.045, 0.075), ("suspended", 0.013, 0.028), ("objected", 0.02, 0.04), ("redo", 0.03, 0.055),
        ("merged", 0.035, 0.065), ("declined", 0.010, 0.028), ("transferred", 0.005, 0.016),
    ):  # fmt: skip
        assert low < marks[mark] / total < high, (mark, marks[mark] / total)
    decided = [report.fate.on_time for report in reports if report.fate.on_time is not None]
    assert 0.88 < sum(decided) / len(decided) < 0.96


def test_steps_go_forward_and_never_into_the_future(reports) -> None:
    for report in reports:
        times = [report.at, *(step.at for step in report.fate.steps)]
        assert times == sorted(times)
        assert times[-1] <= END
        assert {step.verb for step in report.fate.steps} <= VERBS


def test_order_of_acts_makes_sense(reports) -> None:
    for report in reports:
        verbs = [step.verb for step in report.fate.steps]
        if "feedback" in verbs:
            assert verbs.index("dispatch") < verbs.index("feedback")
            assert "sign" in verbs or "designate" in verbs
        if "check_pass" in verbs:
            assert verbs.index("feedback") < verbs.index("check_pass")
        if "archive" in verbs:
            assert verbs[-1] == "archive"
        for step in report.fate.steps:
            if step.verb == "rate":
                assert step.extra["stars"] in (1, 2, 3, 4, 5)


def test_merged_into_an_earlier_open_matter_of_the_same_item(reports) -> None:
    known = {report.source_id: report for report in reports}
    for report in reports:
        if report.fate.into:
            root = known[report.fate.into]
            assert root.at <= report.at and root.item_code == report.item_code and not root.fate.into
            assert root.fate.answered_at is None or report.at < root.fate.answered_at


def test_every_screen_shows_something_at_the_end(reports) -> None:
    states = Counter(report.fate.state for report in reports)
    assert 30 <= states["waiting"] <= 70
    for state in ("dispatched", "handling", "objected", "extension_asked", "suspended", "checking", "redo", "closed"):
        assert states[state] >= 6, state
    open_ = [r.fate for r in reports if r.fate.due and r.fate.state in ("handling", "dispatched", "redo")]
    overdue = [fate for fate in open_ if fate.due < END]
    assert 20 <= len(overdue) <= 160
    long_ago = [r for r in reports if r.fate.due and r.fate in overdue and END - r.fate.due > r.fate.due - r.at]
    assert len(long_ago) >= 4
    assert any(END < fate.due < END + timedelta(hours=12) for fate in open_)


def test_waiting_matters_are_recent_and_often_vague(reports) -> None:
    waiting = [report for report in reports if report.fate.state == "waiting"]
    assert all(END - report.at < timedelta(days=2) for report in waiting)


def test_declined_names_the_right_channel_and_transfers_have_receipts(reports) -> None:
    for report in reports:
        for step in report.fate.steps:
            if step.verb == "decline":
                assert step.extra["channel"] and step.text
            if step.verb == "transfer":
                assert step.extra["receipt"] and step.extra["to"]
            if step.verb == "suspend":
                assert len(step.extra["milestones"]) >= 2


def test_the_callers_clock_is_obeyed() -> None:
    def due(code: str, start):
        return start + timedelta(hours=2)

    for report in make_reports(Random(3), PLACES, [], END, count=400, due_of=due):
        fate = report.fate
        dispatched = next((step.at for step in fate.steps if step.verb in ("redispatch", "dispatch")), None)
        if dispatched and fate.due and not fate.marks & {"extended", "objected", "suspended"}:
            assert fate.due == dispatched + timedelta(hours=2)
