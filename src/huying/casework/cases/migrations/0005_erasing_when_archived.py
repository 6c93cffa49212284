"""What a reporter said can be erased from an archived case too.

``open`` is computed by the database after this trigger has run, so it always looked changed and nothing could be
erased; it follows ``state``, which is compared.
"""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION cases_case_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    erasable text[] := '{title,summary,place_text,terms,open}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'case % cannot be deleted', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state = 'archived' AND (to_jsonb(NEW) - erasable) IS DISTINCT FROM (to_jsonb(OLD) - erasable) THEN
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
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_answer")]
    operations = [migrations.RunSQL(GUARD, migrations.RunSQL.noop)]
