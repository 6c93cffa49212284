"""The database is the last guard: clocks are facts, due times move only with a recorded change."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION clocks_guard_clock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a clock is never removed' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.stopped_at IS NOT NULL THEN
        RAISE EXCEPTION 'a stopped clock never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.case_id, OLD.assignment_id, OLD.kind, OLD.main, OLD.limit, OLD.area, OLD.fixed, OLD.started_at, OLD.continues_id)
       IS DISTINCT FROM
       (NEW.case_id, NEW.assignment_id, NEW.kind, NEW.main, NEW.limit, NEW.area, NEW.fixed, NEW.started_at, NEW.continues_id)
    THEN
        RAISE EXCEPTION 'what a clock measures never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (OLD.due_at, OLD.paused_us) IS DISTINCT FROM (NEW.due_at, NEW.paused_us) AND NOT EXISTS (
        SELECT 1 FROM clocks_clockchange c
        WHERE c.clock_id = NEW.id AND c.transaction = txid_current()
          AND c.old_due IS NOT DISTINCT FROM OLD.due_at AND c.new_due IS NOT DISTINCT FROM NEW.due_at
    ) THEN
        RAISE EXCEPTION 'a due time moves only with a recorded change' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER clocks_guard_clock BEFORE UPDATE OR DELETE ON clocks_clock
    FOR EACH ROW EXECUTE FUNCTION clocks_guard_clock();

CREATE FUNCTION clocks_guard_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER clocks_guard_change BEFORE UPDATE OR DELETE ON clocks_clockchange
    FOR EACH ROW EXECUTE FUNCTION clocks_guard_history();
CREATE TRIGGER clocks_guard_warning BEFORE UPDATE OR DELETE ON clocks_warning
    FOR EACH ROW EXECUTE FUNCTION clocks_guard_history();
CREATE TRIGGER clocks_guard_edition BEFORE UPDATE OR DELETE ON clocks_edition
    FOR EACH ROW EXECUTE FUNCTION clocks_guard_history();
"""

BACKWARD = """
DROP TRIGGER clocks_guard_edition ON clocks_edition;
DROP TRIGGER clocks_guard_warning ON clocks_warning;
DROP TRIGGER clocks_guard_change ON clocks_clockchange;
DROP FUNCTION clocks_guard_history();
DROP TRIGGER clocks_guard_clock ON clocks_clock;
DROP FUNCTION clocks_guard_clock();
"""


class Migration(migrations.Migration):
    dependencies = [("clocks", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
