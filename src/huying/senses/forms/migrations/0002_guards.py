"""The database is the last guard: a published version never changes, and what a submission said before stays."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION forms_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'a published version of a form never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER forms_guard_version BEFORE UPDATE OR DELETE ON forms_formversion
    FOR EACH ROW EXECUTE FUNCTION forms_guard_version();

CREATE FUNCTION forms_guard_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a submission said before it was amended never changes'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER forms_guard_revision BEFORE UPDATE OR DELETE ON forms_submissionrevision
    FOR EACH ROW EXECUTE FUNCTION forms_guard_revision();
"""
BACKWARD = """
DROP TRIGGER forms_guard_revision ON forms_submissionrevision;
DROP FUNCTION forms_guard_revision();
DROP TRIGGER forms_guard_version ON forms_formversion;
DROP FUNCTION forms_guard_version();
"""


class Migration(migrations.Migration):
    dependencies = [("forms", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
