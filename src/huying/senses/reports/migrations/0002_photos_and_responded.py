"""Photos point to the report they came with; a rating says whether somebody got in touch in time."""

import django.db.models.deletion
from django.db import migrations, models

# Until now a photo was known to be a report's by the same hand at the same moment.
KNOWN = """
INSERT INTO reports_reportphoto (report_id, attachment_id)
SELECT min(r.id), a.id
FROM cases_attachment a
JOIN reports_report r ON r.first_case_id = a.case_id AND r.taken_by = a.made_by AND r.received_at = a.made_at
WHERE a.stage = 'report' AND r.erased_at IS NULL
GROUP BY a.id
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_answer"), ("reports", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="report",
            name="responded",
            field=models.BooleanField(null=True),
        ),
        migrations.CreateModel(
            name="ReportPhoto",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "attachment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.attachment"
                    ),
                ),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="photos", to="reports.report"
                    ),
                ),
            ],
        ),
        migrations.RunSQL(KNOWN, migrations.RunSQL.noop),
    ]
