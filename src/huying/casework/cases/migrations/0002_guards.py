"""What the database itself refuses: touching an archived case, deleting history, giving a case back downwards."""

from django.db import migrations

GUARD = """
CREATE FUNCTION cases_case_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'case % cannot be deleted', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state = 'archived' AND (to_jsonb(NEW) - '{title,summary,place_text,terms}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{title,summary,place_text,terms}'::text[]) THEN
        RAISE EXCEPTION 'case % is archived', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.escalated_level < OLD.escalated_level OR NEW.redos < OLD.redos OR NEW.returns < OLD.returns
        OR NEW.extensions < OLD.extensions OR NEW.opened_at <> OLD.opened_at OR NEW.number <> OLD.number
        OR (OLD.locked AND NOT NEW.locked) THEN
        RAISE EXCEPTION 'case %: what has happened cannot be taken back', OLD.number
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER case_guard BEFORE UPDATE OR DELETE ON cases_case
    FOR EACH ROW EXECUTE FUNCTION cases_case_guard();
"""
UNGUARD = "DROP TRIGGER case_guard ON cases_case; DROP FUNCTION cases_case_guard();"


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
