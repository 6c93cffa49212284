"""Corrections made before they were kept are taken from the trace: nobody's is lost."""

from django.db import migrations

KEEP = """
INSERT INTO understanding_correction (case_id, at, by, was_item, item, was_area, area)
SELECT substr(chain, 6)::bigint, at, actor_ref, body::json->'was'->>'item', coalesce(body::json->>'item', ''),
       coalesce(body::json->'was'->>'area', ''), coalesce(body::json->>'area', '')
  FROM kernel_entry
 WHERE verb = 'correct' AND chain LIKE 'case:%' AND body::json->'was'->>'item' IS NOT NULL
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("understanding", "0001_initial"), ("kernel", "0003_guards")]

    operations = [migrations.RunSQL(KEEP, migrations.RunSQL.noop)]
