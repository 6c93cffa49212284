"""A report that is one matter of a message taken apart says so; until now only its first report was told of the others."""

import django.db.models.deletion
from django.db import migrations, models

KNOWN = """
UPDATE reports_report part SET part_of_id = told.report_id
FROM reports_telling told CROSS JOIN LATERAL jsonb_array_elements_text(told.body -> 'codes') AS code
WHERE told.kind = 'split' AND part.tracking_code = code
"""
# What was a part itself when it was taken apart: its parts belong to the same message.
FLAT = """
WITH RECURSIVE above AS (
    SELECT id, part_of_id AS whole FROM reports_report WHERE part_of_id IS NOT NULL
    UNION
    SELECT above.id, next.part_of_id FROM above JOIN reports_report next ON next.id = above.whole
    WHERE next.part_of_id IS NOT NULL
)
UPDATE reports_report part SET part_of_id = first.id
FROM above JOIN reports_report first ON first.id = above.whole AND first.part_of_id IS NULL
WHERE part.id = above.id AND part.part_of_id <> first.id
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_told_of_splitting")]

    operations = [
        migrations.AddField(
            model_name="report",
            name="part_of",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="parts",
                to="reports.report",
            ),
        ),
        migrations.AddIndex(
            model_name="report",
            index=models.Index(
                condition=models.Q(("part_of__isnull", False)), fields=["part_of"], name="report_by_message"
            ),
        ),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
        migrations.RunSQL(FLAT, migrations.RunSQL.noop),
    ]
