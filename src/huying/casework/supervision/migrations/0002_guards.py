"""Steps of an order are history; and two indexes on cases for the questions of the supervision board."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION supervision_guard_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'steps of a supervision order are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER supervision_guard_step BEFORE UPDATE OR DELETE ON supervision_orderstep
    FOR EACH ROW EXECUTE FUNCTION supervision_guard_step();
CREATE INDEX supervision_case_bounced ON cases_case (id DESC) WHERE open AND returns > 0;
CREATE INDEX supervision_case_bad ON cases_case (id DESC) WHERE redos > 0 OR rating <= 2;
"""
BACKWARD = """
DROP INDEX supervision_case_bad;
DROP INDEX supervision_case_bounced;
DROP TRIGGER supervision_guard_step ON supervision_orderstep;
DROP FUNCTION supervision_guard_step();
"""


class Migration(migrations.Migration):
    dependencies = [("supervision", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
