"""The database is the last guard: a published catalogue never changes, and nothing is added to it or taken away."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION catalogue_guard_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state IN ('published', 'discarded') THEN
        RAISE EXCEPTION 'catalogue % is % and never changes', OLD.number, OLD.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.number IS DISTINCT FROM OLD.number THEN
        RAISE EXCEPTION 'the number of a catalogue never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER catalogue_guard_version BEFORE UPDATE OR DELETE ON catalogue_catalogueversion
    FOR EACH ROW EXECUTE FUNCTION catalogue_guard_version();

CREATE FUNCTION catalogue_guard_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND EXISTS (
        SELECT 1 FROM catalogue_catalogueversion v WHERE v.id = OLD.version_id AND v.state = 'published'
    ) THEN
        RAISE EXCEPTION 'an item of a published catalogue never changes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF EXISTS (
        SELECT 1 FROM catalogue_catalogueversion v
        WHERE v.id = NEW.version_id AND v.state = 'published' AND v.published_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'nothing is added to a published catalogue' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER catalogue_guard_item BEFORE INSERT OR UPDATE OR DELETE ON catalogue_item
    FOR EACH ROW EXECUTE FUNCTION catalogue_guard_item();
"""

BACKWARD = """
DROP TRIGGER catalogue_guard_item ON catalogue_item;
DROP FUNCTION catalogue_guard_item();
DROP TRIGGER catalogue_guard_version ON catalogue_catalogueversion;
DROP FUNCTION catalogue_guard_version();
"""


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
