"""Guards that models cannot say: stamps for replicas, versions that only grow, a tree without cycles, history kept."""

from typing import ClassVar

from django.db import migrations

from huying.kernel.replicas import StampChanges

_KINDS = {
    "registry_premises": "premises",
    "registry_resident": "person",
    "registry_household": "household",
    "registry_organisation": "organisation",
    "registry_facility": "facility",
    "registry_relation": "relation",
    "registry_residence": "residence",
    "registry_careentry": "care",
}

_VERSION = """
CREATE FUNCTION registry_version_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.uid <> OLD.uid THEN
    RAISE EXCEPTION 'the uid of a record is immutable' USING ERRCODE = '23514', CONSTRAINT = 'registry_uid_fixed';
  END IF;
  IF NEW.version < OLD.version THEN
    RAISE EXCEPTION 'the version of a record only grows' USING ERRCODE = '23514', CONSTRAINT = 'registry_version_grows';
  END IF;
  RETURN NEW;
END $$;
"""

_TREE = """
CREATE FUNCTION registry_no_cycle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.parent_id IS NULL THEN
    RETURN NEW;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('registry_premises_tree'));
  IF EXISTS (
    WITH RECURSIVE above(uid, parent_id, depth) AS (
      SELECT p.uid, p.parent_id, 1 FROM registry_premises p WHERE p.uid = NEW.parent_id
      UNION ALL
      SELECT p.uid, p.parent_id, above.depth + 1 FROM registry_premises p JOIN above ON p.uid = above.parent_id
       WHERE above.depth < 20
    ) SELECT 1 FROM above WHERE uid = NEW.uid OR depth >= 20
  ) THEN
    RAISE EXCEPTION 'premises cannot lie inside themselves'
      USING ERRCODE = '23514', CONSTRAINT = 'registry_premises_no_cycle';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER registry_premises_tree BEFORE UPDATE OF parent_id ON registry_premises
  FOR EACH ROW WHEN (NEW.parent_id IS DISTINCT FROM OLD.parent_id) EXECUTE FUNCTION registry_no_cycle();
"""

_SMALL = """
ALTER TABLE registry_premises ADD CONSTRAINT registry_premises_small_limits CHECK (CASE small_kind
  WHEN 'shop' THEN coalesce(floor_area, 0) <= 300
  WHEN 'workshop' THEN coalesce(floor_area, 0) <= 250 AND coalesce(height, 0) <= 24 AND fire_class IN ('', 'C', 'D', 'E')
  WHEN 'leisure' THEN coalesce(floor_area, 0) <= 200
  ELSE true END);
"""

_HISTORY = """
CREATE FUNCTION registry_history_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.private IS NULL AND NEW.plain = '{}'
     AND (to_jsonb(NEW) - 'private' - 'plain') = (to_jsonb(OLD) - 'private' - 'plain') THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the history of the registry is append-only'
    USING ERRCODE = '23514', CONSTRAINT = 'registry_history_final';
END $$;
CREATE TRIGGER registry_change_final BEFORE UPDATE OR DELETE ON registry_change
  FOR EACH ROW EXECUTE FUNCTION registry_history_is_final();
"""


def _grows(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_grows BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION registry_version_grows();"
    )


_BACK = (
    "".join(f"DROP TRIGGER {table}_grows ON {table};" for table in _KINDS)
    + "DROP FUNCTION registry_version_grows();"
    + "DROP TRIGGER registry_premises_tree ON registry_premises; DROP FUNCTION registry_no_cycle();"
    + "ALTER TABLE registry_premises DROP CONSTRAINT registry_premises_small_limits;"
    + "DROP TRIGGER registry_change_final ON registry_change; DROP FUNCTION registry_history_is_final();"
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("registry", "0001_initial"), ("kernel", "0004_replicas")]

    operations: ClassVar = [
        *(StampChanges(table, kind) for table, kind in _KINDS.items()),
        migrations.RunSQL(
            _VERSION + "".join(_grows(table) for table in _KINDS) + _TREE + _SMALL + _HISTORY,
            _BACK,
        ),
    ]
