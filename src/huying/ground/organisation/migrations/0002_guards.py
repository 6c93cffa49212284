"""What the database guards itself: overlapping validity, double-booked people, tree paths, the directory version."""

from django.contrib.postgres.operations import BtreeGistExtension
from django.db import migrations

EXCLUSIONS = """
ALTER TABLE organisation_appointment ADD CONSTRAINT appointment_no_overlap EXCLUDE USING gist (
    person_id WITH =, unit_id WITH =, post_id WITH =, role WITH =, area WITH =, daterange(valid_from, valid_to) WITH &&);
ALTER TABLE organisation_shift ADD CONSTRAINT shift_no_double_booking EXCLUDE USING gist (
    person_id WITH =, tstzrange(starts_at, ends_at) WITH &&) DEFERRABLE INITIALLY IMMEDIATE;
ALTER TABLE organisation_responsibility ADD CONSTRAINT responsibility_no_overlap EXCLUDE USING gist (
    item_code WITH =, area WITH =, daterange(valid_from, valid_to) WITH &&);
ALTER TABLE organisation_admission ADD CONSTRAINT admission_no_overlap EXCLUDE USING gist (
    item_code WITH =, area WITH =, daterange(valid_from, valid_to) WITH &&);
"""
UNDO_EXCLUSIONS = """
ALTER TABLE organisation_admission DROP CONSTRAINT admission_no_overlap;
ALTER TABLE organisation_responsibility DROP CONSTRAINT responsibility_no_overlap;
ALTER TABLE organisation_shift DROP CONSTRAINT shift_no_double_booking;
ALTER TABLE organisation_appointment DROP CONSTRAINT appointment_no_overlap;
"""

# A path always equals the parent's path plus the own id. A ring of parents can never satisfy that, so there is none.
# Checked when the transaction ends: a whole branch may be moved, or a whole tree loaded, in between.
PATHS = """
CREATE FUNCTION organisation_unit_path_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE good boolean;
BEGIN
    SELECT unit.path = coalesce(parent.path, '/') || unit.id || '/' INTO good
      FROM organisation_unit unit LEFT JOIN organisation_unit parent ON parent.id = unit.parent_id
     WHERE unit.id = NEW.id;
    IF good IS FALSE THEN
        RAISE EXCEPTION 'unit % has a path that does not follow its parent', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'unit_path_follows_parent';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER unit_path_follows_parent AFTER INSERT OR UPDATE OF path, parent_id ON organisation_unit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION organisation_unit_path_guard();
"""
UNDO_PATHS = """
DROP TRIGGER unit_path_follows_parent ON organisation_unit;
DROP FUNCTION organisation_unit_path_guard();
"""

TABLES = (
    "unit",
    "person",
    "post",
    "appointment",
    "shift",
    "responsibility",
    "responsibility_assist_units",
    "admission",
)
# A sequence never gives a number twice, not even after a rollback, so a cache can never mistake one state for another.
VERSION = """
CREATE SEQUENCE organisation_directory_number;
INSERT INTO organisation_directoryversion (id, number) VALUES (1, nextval('organisation_directory_number'));
CREATE FUNCTION organisation_count_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO organisation_directoryversion (id, number) VALUES (1, nextval('organisation_directory_number'))
        ON CONFLICT (id) DO UPDATE SET number = excluded.number;
    RETURN NULL;
END $$;
""" + "\n".join(
    f"CREATE TRIGGER {table}_counts_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE "
    f"ON organisation_{table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION organisation_count_version();"
    for table in TABLES
)
UNDO_VERSION = (
    "\n".join(f"DROP TRIGGER {table}_counts_version ON organisation_{table};" for table in TABLES)
    + "\nDROP FUNCTION organisation_count_version();\nDROP SEQUENCE organisation_directory_number;\nDELETE FROM organisation_directoryversion;"
)

# A person's record (一人一档) reads the trace by author; only people's entries are indexed, not the system's many.
RECORD = """
CREATE INDEX organisation_person_record ON kernel_entry (actor_ref, id DESC) WHERE actor_ref LIKE 'person:%';
"""
UNDO_RECORD = "DROP INDEX organisation_person_record;"


class Migration(migrations.Migration):
    dependencies = [("organisation", "0001_initial"), ("kernel", "0002_initial")]

    operations = [
        BtreeGistExtension(),
        migrations.RunSQL(EXCLUSIONS, UNDO_EXCLUSIONS),
        migrations.RunSQL(PATHS, UNDO_PATHS),
        migrations.RunSQL(VERSION, UNDO_VERSION),
        migrations.RunSQL(RECORD, UNDO_RECORD),
    ]
