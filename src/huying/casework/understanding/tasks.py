"""Learning takes minutes, so it is done beside the pages: when somebody asks, and every week by itself."""

from __future__ import annotations

from procrastinate.contrib.django import app

from huying.kernel.actor import system
from huying.kernel.clock import now
from huying.kernel.errors import Refused

from . import actions, actions_answers, actions_recurring
from .rules import Subject

_ROUNDS = 10  # of answers judged at once


@app.task(name="understanding.learn", queueing_lock="understanding.learn")
def learn_all(by: str = "weekly") -> None:
    """A new version of every subject; switched on only where it is no worse."""
    for subject in Subject:
        try:
            actions.learn(subject, actor=system(f"understanding-{by}"), now=now())
        except Refused:
            continue  # nothing to tell apart yet


@app.periodic(cron="30 3 * * 0")
@app.task(name="understanding.learn_weekly", queueing_lock="understanding.learn_weekly")
def learn_weekly(timestamp: int) -> None:
    """Sunday before dawn: what the week's closed cases and corrections teach."""
    learn_all()


@app.periodic(cron="*/10 * * * *")
@app.task(name="understanding.raise_recurring", queueing_lock="understanding.raise_recurring")
def raise_recurring(timestamp: int) -> None:
    """Every ten minutes: which of the new matters keep coming back, and whether what was raised still holds."""
    while actions_recurring.raise_recurring(now=now()) is not None:
        continue
    actions_recurring.settle_recurring(now=now())


@app.periodic(cron="*/5 * * * *")
@app.task(name="understanding.judge_answers", queueing_lock="understanding.judge_answers")
def judge_answers(timestamp: int) -> None:
    """Every five minutes: the answers given since, and some of those from before answers were judged."""
    for _round in range(_ROUNDS):
        if actions_answers.judge_answers() is None:
            break
