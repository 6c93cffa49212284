"""A submission about somebody who was erased is emptied, and so is what it said before it was amended; sealed answers go
from both once they have been kept long enough."""

from typing import ClassVar

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

FORWARD = """
CREATE OR REPLACE FUNCTION forms_guard_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.private IS NULL AND (to_jsonb(NEW) - 'private') = (to_jsonb(OLD) - 'private') THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.private IS NULL AND NEW.answers = '{}' AND NEW.findings = '[]' AND NEW.reason = ''
       AND (to_jsonb(NEW) - 'private' - 'answers' - 'findings' - 'reason')
         = (to_jsonb(OLD) - 'private' - 'answers' - 'findings' - 'reason') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what a submission said before it was amended never changes'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION forms_guard_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a submission said before it was amended never changes'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
"""
STATES = [("received", "已收到"), ("amended", "已更正"), ("erased", "已按规定删除")]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("forms", "0003_amendments")]

    operations: ClassVar = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField(
            "submission",
            "state",
            models.CharField(choices=STATES, default="received", max_length=10, verbose_name="状态"),
        ),
        migrations.RemoveConstraint("submission", "submission_state_known"),
        # Checked in the next migration, without shutting out who writes meanwhile.
        AddConstraintNotValid(
            "submission",
            models.CheckConstraint(
                condition=models.Q(("state__in", ["received", "amended", "erased"])), name="submission_state_known"
            ),
        ),
    ]
