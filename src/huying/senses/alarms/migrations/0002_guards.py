"""The database is the last guard: what a place ruled and whom an alarm called is never rewritten or removed."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION alarms_guard_rule() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a version of a rule is never removed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.current THEN
        RAISE EXCEPTION 'an older version never comes back' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF to_jsonb(NEW) - 'current' IS DISTINCT FROM to_jsonb(OLD) - 'current' THEN
        RAISE EXCEPTION 'a version of a rule never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER alarms_guard_rule BEFORE UPDATE OR DELETE ON alarms_alarmrule
    FOR EACH ROW EXECUTE FUNCTION alarms_guard_rule();

CREATE FUNCTION alarms_guard_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is kept', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER alarms_guard_alarm BEFORE DELETE ON alarms_alarm
    FOR EACH ROW EXECUTE FUNCTION alarms_guard_kept();
CREATE TRIGGER alarms_guard_step BEFORE DELETE ON alarms_step
    FOR EACH ROW EXECUTE FUNCTION alarms_guard_kept();
CREATE TRIGGER alarms_guard_drill BEFORE DELETE ON alarms_drill
    FOR EACH ROW EXECUTE FUNCTION alarms_guard_kept();
CREATE TRIGGER alarms_guard_ladder BEFORE UPDATE OR DELETE ON alarms_ladderpolicy
    FOR EACH ROW EXECUTE FUNCTION alarms_guard_kept();
"""

BACKWARD = """
DROP TRIGGER alarms_guard_ladder ON alarms_ladderpolicy;
DROP TRIGGER alarms_guard_drill ON alarms_drill;
DROP TRIGGER alarms_guard_step ON alarms_step;
DROP TRIGGER alarms_guard_alarm ON alarms_alarm;
DROP FUNCTION alarms_guard_kept();
DROP TRIGGER alarms_guard_rule ON alarms_alarmrule;
DROP FUNCTION alarms_guard_rule();
"""


class Migration(migrations.Migration):
    dependencies = [("alarms", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
