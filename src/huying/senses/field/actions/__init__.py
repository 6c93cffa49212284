"""Every write of field work."""

from .asking import ask_tasks, ask_warnings, withdraw, withdraw_like
from .correcting import correct_answers, correct_submission, follow_amendment
from .disputing import Merged, decide_dispute, merge_correction, withdraw_dispute
from .doing import complete_task, keep_with_case, keep_with_cases, report_on_task, skip_task
from .duty import close_forgotten_duty, forget_positions, look_at_positions, set_duty, take_positions, take_walks
from .finding import close_reinspections, follow_cases, reopen_cases, take_findings
from .following import follow_submission
from .forgetting import forget_disputes, forget_subjects, hold_subjects
from .ordering import hold
from .patrolling import ask_rounds, check_in, save_round
from .planning import check_plan, derive_some, derive_tasks, save_plan
from .spotting import answer_verdict, draw_sample, judge_check_in, record_spot_check

__all__ = [
    "Merged",
    "answer_verdict",
    "ask_rounds",
    "ask_tasks",
    "ask_warnings",
    "check_in",
    "check_plan",
    "close_forgotten_duty",
    "close_reinspections",
    "complete_task",
    "correct_answers",
    "correct_submission",
    "decide_dispute",
    "derive_some",
    "derive_tasks",
    "draw_sample",
    "follow_amendment",
    "follow_cases",
    "follow_submission",
    "forget_disputes",
    "forget_positions",
    "forget_subjects",
    "hold",
    "hold_subjects",
    "judge_check_in",
    "keep_with_case",
    "keep_with_cases",
    "look_at_positions",
    "merge_correction",
    "record_spot_check",
    "reopen_cases",
    "report_on_task",
    "save_plan",
    "save_round",
    "set_duty",
    "skip_task",
    "take_findings",
    "take_positions",
    "take_walks",
    "withdraw",
    "withdraw_dispute",
    "withdraw_like",
]
