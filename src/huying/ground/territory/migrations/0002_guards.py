"""Guards that models cannot say: levels, parents, immutable codes, append-only history, and the version stamp."""

from typing import ClassVar

from django.db import migrations

_AREA = """
ALTER TABLE territory_area
  ADD CONSTRAINT territory_area_level_length CHECK (
    length(code) = CASE level WHEN 'province' THEN 2 WHEN 'city' THEN 4 WHEN 'county' THEN 6 WHEN 'town' THEN 9
                              WHEN 'community' THEN 12 WHEN 'grid' THEN 15 WHEN 'micro' THEN 17 END),
  ADD CONSTRAINT territory_area_parent_prefix CHECK (
    parent_id IS NULL OR parent_id = left(code, CASE level
      WHEN 'city' THEN 2 WHEN 'county' THEN 4 WHEN 'town' THEN 6 WHEN 'community' THEN 9
      WHEN 'grid' THEN 12 WHEN 'micro' THEN 15 END)),
  ADD CONSTRAINT territory_area_grid_has_community CHECK (level NOT IN ('grid', 'micro') OR parent_id IS NOT NULL),
  ADD CONSTRAINT territory_area_kind_range CHECK (CASE
    WHEN level <> 'grid' THEN kind = ''
    WHEN substr(code, 13, 3)::int BETWEEN 1 AND 599 THEN kind = 'general'
    WHEN substr(code, 13, 3)::int BETWEEN 600 AND 899 THEN kind = 'special'
    WHEN substr(code, 13, 3)::int BETWEEN 900 AND 999 THEN kind = 'temporary'
    ELSE false END),
  ADD CONSTRAINT territory_area_micro_number CHECK (level <> 'micro' OR right(code, 2) <> '00');

CREATE FUNCTION territory_code_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'area code % is immutable; end the area and open a new one', OLD.code USING ERRCODE = '23514';
END $$;
CREATE TRIGGER territory_area_code_fixed BEFORE UPDATE OF code ON territory_area
  FOR EACH ROW WHEN (OLD.code <> NEW.code) EXECUTE FUNCTION territory_code_is_fixed();

CREATE FUNCTION territory_change_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'area changes are append-only' USING ERRCODE = '23514';
END $$;
CREATE TRIGGER territory_areachange_final BEFORE UPDATE OR DELETE ON territory_areachange
  FOR EACH ROW EXECUTE FUNCTION territory_change_is_final();
"""

_STAMP = """
CREATE FUNCTION territory_renew_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO territory_territoryversion (id, stamp) VALUES (1, gen_random_uuid())
    ON CONFLICT (id) DO UPDATE SET stamp = excluded.stamp;
  RETURN NULL;
END $$;
"""


def _trigger(table: str) -> str:
    return f"""
CREATE TRIGGER {table}_stamp AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
  FOR EACH STATEMENT EXECUTE FUNCTION territory_renew_stamp();
"""


_TABLES = ("territory_area", "territory_placename", "territory_baselayer", "territory_areachange")
_BACK = (
    "".join(f"DROP TRIGGER IF EXISTS {table}_stamp ON {table};" for table in _TABLES)
    + "DROP FUNCTION IF EXISTS territory_renew_stamp();"
    + "DROP TRIGGER IF EXISTS territory_areachange_final ON territory_areachange;"
    + "DROP FUNCTION IF EXISTS territory_change_is_final();"
    + "DROP TRIGGER IF EXISTS territory_area_code_fixed ON territory_area;"
    + "DROP FUNCTION IF EXISTS territory_code_is_fixed();"
    + "ALTER TABLE territory_area DROP CONSTRAINT territory_area_level_length,"
    + " DROP CONSTRAINT territory_area_parent_prefix, DROP CONSTRAINT territory_area_grid_has_community,"
    + " DROP CONSTRAINT territory_area_kind_range, DROP CONSTRAINT territory_area_micro_number;"
)


class Migration(migrations.Migration):
    dependencies: ClassVar = [("territory", "0001_initial")]
    operations: ClassVar = [
        migrations.RunSQL(_AREA + _STAMP + "".join(_trigger(table) for table in _TABLES), _BACK),
    ]
