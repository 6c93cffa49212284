"""Before dawn: what has to be done is worked out anew, yesterday's work is drawn from, old positions are forgotten."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from procrastinate.contrib.django import app

from huying.kernel.actor import system
from huying.kernel.clock import local_day, now

from . import actions

FIELD = system("field")


@app.periodic(cron="20 1 * * *")
@app.task(name="field.derive", queueing_lock="field.derive")
def derive(timestamp: int) -> None:
    """Every task the plans and rounds ask for."""
    moment = now()
    actions.derive_tasks(actor=FIELD, now=moment)
    actions.ask_rounds(actor=FIELD, now=moment)


@app.task(name="field.derive_plan")
def derive_plan(plan_id: int) -> None:
    """One plan that was just written or changed."""
    actions.derive_tasks(actor=FIELD, now=now(), plans=[plan_id])


@app.periodic(cron="5 0 * * *")
@app.task(name="field.ask_rounds", queueing_lock="field.ask_rounds")
def ask_rounds(timestamp: int) -> None:
    """A new day's rounds."""
    actions.ask_rounds(actor=FIELD, now=now())


@app.periodic(cron="30 5 * * *")
@app.task(name="field.draw_sample", queueing_lock="field.draw_sample")
def draw_sample(timestamp: int) -> None:
    """Yesterday's finished work is drawn from."""
    moment = now()
    actions.draw_sample(local_day(moment) - timedelta(days=1), actor=FIELD, now=moment)


@app.periodic(cron="50 * * * *")
@app.task(name="field.tidy_positions", queueing_lock="field.tidy_positions")
def tidy_positions(timestamp: int) -> None:
    """Forgotten time on duty ends; positions and disputes past their time go."""
    moment = now()
    actions.close_forgotten_duty(actor=FIELD, now=moment)
    actions.forget_positions(actor=FIELD, now=moment)
    actions.forget_disputes(actor=FIELD, now=moment, keep=timedelta(days=settings.HUYING_RETENTION_DAYS))
