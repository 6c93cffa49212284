"""What Django cannot say: the writing transaction of each entry, and tables that only grow."""

from typing import ClassVar

from django.db import migrations

APPEND_ONLY = ("kernel_entry", "kernel_checkpoint", "kernel_leaf", "kernel_accessentry")

XID = """
ALTER TABLE kernel_entry ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX kernel_entry_xid ON kernel_entry (xid);
"""
XID_BACK = "ALTER TABLE kernel_entry DROP COLUMN xid;"

REFUSE = """
CREATE FUNCTION kernel_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The databases of a test run are emptied between tests; a test that wants the guard says SET huying.strict = 'on'.
    IF TG_OP = 'TRUNCATE' AND current_database() ~ '^(test_|huying_(main|gw[0-9]+)$)'
       AND coalesce(current_setting('huying.strict', true), '') <> 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'table % only grows: % is refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation', HINT = 'Write a new entry that corrects the old one.';
END $$;
"""
REFUSE_BACK = "DROP FUNCTION kernel_refuse_change();"

GUARDS = "".join(
    f"CREATE TRIGGER {table}_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
    "FOR EACH STATEMENT EXECUTE FUNCTION kernel_refuse_change();\n"
    for table in APPEND_ONLY
)
GUARDS_BACK = "".join(f"DROP TRIGGER {table}_only_grows ON {table};\n" for table in APPEND_ONLY)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("kernel", "0002_initial")]
    operations: ClassVar = [
        migrations.RunSQL(XID, XID_BACK),
        migrations.RunSQL(REFUSE, REFUSE_BACK),
        migrations.RunSQL(GUARDS, GUARDS_BACK),
    ]
